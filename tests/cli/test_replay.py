"""`plait replay`: what it prints, and the debugger."""

from __future__ import annotations

import subprocess
import sys

import pytest

TOUCHY = """
from pipeline import regularizer

@regularizer
def touchy(objective, *, mood: int = 0):
    \"\"\"Raise for one of the trials.\"\"\"
    if mood == 1:
        raise RuntimeError("out of sorts")
"""


@pytest.fixture
def failed(plait, small, tmp_path):
    """The small DAG has run in this folder, and failed for one of two trials."""
    (tmp_path / "touchy.py").write_text(TOUCHY)
    text = small.read_text().replace("nodes:\n", "nodes:\n  odd: {stage: regularizer.touchy}\n", 1)
    text = text.replace("optimizer: adam}", "optimizer: adam, regularizers: [odd]}")
    text = text.replace("{adam.lr: [1e-2, 2e-2]}", "{adam.lr: [1e-2], odd.mood: [0, 1]}")
    text = text.replace("seeds: 2", "seeds: [0]")
    small.write_text(f"{text}plugins: [touchy.py]\n")
    ended = plait("run", small, "--json")
    assert ended.code == 1, ended.err
    return ended.json["run"]


def test_a_failure_is_printed_whole_with_where_its_log_is_and_the_exit_code_is_the_stages(plait, failed):
    ended = plait("replay", "last", "t0002")
    assert ended.code == 1
    assert f"for t0002 (adam.lr=0.01 odd.mood=1 seed=0) of {failed}, alone: failed" in ended.out
    assert 'in touchy\n    raise RuntimeError("out of sorts")\nRuntimeError: out of sorts\n' in ended.out
    assert f"in the run it was failed; its log is .plait/logs/{failed}/fit-" in ended.out


def test_metrics_are_printed_and_a_mended_stage_is_said_to_have_changed(plait, failed, tmp_path):
    (tmp_path / "touchy.py").write_text(TOUCHY.replace("mood == 1", "mood == 2"))
    ended = plait("replay", failed[:-3], "t0002")
    assert ended.code == 0
    assert "alone: done\n" in ended.out
    assert "  accuracy " in ended.out
    assert "have changed since the run" in ended.out
    assert f"plait resume {failed}" in ended.out


def test_json_has_the_error_and_the_traceback(plait, failed):
    found = plait("replay", "last", "t0002", "--json").json
    assert (found["state"], found["node"], found["trial"]) == ("failed", "fit", "t0002")
    assert found["error"].endswith("RuntimeError: out of sorts")
    assert "touchy.py" in found["traceback"]


def test_a_wrong_name_is_a_users_mistake(plait, failed):
    ended = plait("replay", "last", "t0002", "--node", "fitt")
    assert ended.code == 2
    assert "did you mean 'fit'?" in ended.err


def test_the_debugger_starts_where_the_stage_raised(failed, tmp_path):
    command = [sys.executable, "-m", "pipeline", "replay", "last", "t0002", "--pdb"]
    ended = subprocess.run(
        command, input="p mood + 41\nq\n", capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert ended.returncode == 1
    assert "-> raise RuntimeError" in ended.stdout
    assert "(Pdb) 42\n" in ended.stdout
    assert "RuntimeError: out of sorts" in ended.stderr


def test_the_debugger_and_json_exclude_each_other(plait, failed):
    ended = plait("replay", "last", "t0002", "--pdb", "--json")
    assert ended.code == 2
    assert "leave one of them out" in ended.err
