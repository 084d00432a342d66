"""Every file in dags/ runs, in small where it would take long, and finds what it promises."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path

import pytest

from pipeline.api import load, run

DAGS = Path(__file__).parent.parent / "dags"
SMALL = re.compile(r"^# In small: (.*)$", re.MULTILINE)


def in_small(path: Path) -> list[str]:
    """Return the settings of a file's comment `# In small: --set ... --set ...`."""
    said = SMALL.search(path.read_text())
    return [word for word in shlex.split(said[1]) if word != "--set"] if said else []


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_file_runs_and_every_evaluation_gives_finite_numbers(path, tmp_path):
    results = run(path, set=in_small(path), store=tmp_path / "store", cluster="inline")
    assert (results.state, results.exit_code) == ("done", 0)
    scores = {name: node["metrics"] for name, node in results.nodes.items() if node["kind"] == "evaluate"}
    assert scores
    assert all(metrics and all(map(math.isfinite, metrics.values())) for metrics in scores.values())


def test_every_file_says_in_its_first_line_what_it_is():
    assert [path.name for path in DAGS.glob("*.yaml") if not path.read_text().startswith("# ")] == []


def test_the_demo_is_a_grid_of_eight_settings_and_three_seeds():
    sweep = load(DAGS / "digits.yaml").sweep
    assert math.prod(len(values) for values in sweep.space.values()) >= 8
    assert len(sweep.seeds) == 3


def test_the_demos_ensemble_is_right_on_975_of_1000_test_digits(tmp_path):
    results = run(DAGS / "digits.yaml", store=tmp_path / "store", cluster="local:2")
    assert results.nodes["score"]["metrics"]["accuracy"] >= 0.975
    assert results.nodes["vote"]["metrics"]["accuracy"] >= results.nodes["fit"]["metrics"]["accuracy"]
