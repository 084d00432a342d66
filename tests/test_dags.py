"""Every file in dags/ runs, in small where it would take long, and finds what it promises."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.api import load, run

DAGS = Path(__file__).parent.parent / "dags"
SMALLER = {
    "digits.yaml": ["fit.epochs=2", "sweep.seeds=2"],
    "breast_cancer.yaml": ["fit.epochs=3", "sweep.seeds=2"],
    "diabetes.yaml": ["fit_net.epochs=3", "fit_line.epochs=3", "sweep.seeds=1"],
    "cnn.yaml": ["fit.epochs=1", "sweep.space={adam.lr: [2e-3, 5e-3]}"],
    "folds.yaml": ["fit.epochs=2"],
    "bagging.yaml": ["fit.epochs=2", "sweep.seeds={values: 3, nodes: [bag, fit]}"],
}


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_file_runs_and_every_evaluation_gives_finite_numbers(path, tmp_path):
    results = run(path, set=SMALLER.get(path.name, []), store=tmp_path / "store", cluster="inline")
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
