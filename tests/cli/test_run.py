import json
import os
import signal
import subprocess
import sys
import time

import pytest


def test_a_run_ends_with_a_leaderboard_and_where_the_results_lie(plait, small):
    ended = plait("run", small)
    assert ended.code == 0
    assert "vote: average" in ended.out
    assert "adam.lr=0.01" in ended.out
    assert "results lie in .plait" in ended.out


def test_json_is_one_object_with_trials_and_nodes_and_nothing_else(plait, small):
    found = plait("run", small, "--json").json
    assert {"run", "seconds", "cached", "trials", "nodes"} <= found.keys()
    assert found["trials"][0]["label"] == "adam.lr=0.01 seed=0"
    assert {"id", "label", "options", "seed", "state", "metrics"} <= found["trials"][0].keys()
    assert found["nodes"]["score"]["state"] == "done"
    assert 0.5 < found["nodes"]["score"]["metrics"]["accuracy"] <= 1


def test_a_second_run_computes_nothing_and_finds_the_same(plait, small):
    first, second = (plait("run", small, "--json").json for _ in range(2))
    assert first["cached"] == 0
    assert second["cached"] > 0
    assert {node["states"].get("done", 0) for node in second["nodes"].values()} == {0}
    assert [trial["metrics"] for trial in first["trials"]] == [trial["metrics"] for trial in second["trials"]]


def test_options_are_overridden_and_the_store_is_where_it_was_told(plait, small, tmp_path):
    sets = ["--set", "adam.lr=0.05", "--set", "sweep.seeds=[3, 5]"]
    found = plait("run", small, *sets, "--store", tmp_path / "s", "--json").json
    assert [trial["label"] for trial in found["trials"]] == ["seed=3", "seed=5"]
    assert found["store"] == str(tmp_path / "s")


def test_the_store_may_be_named_by_the_environment(plait, small, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAIT_STORE", str(tmp_path / "elsewhere"))
    assert plait("run", small, "--to", "parts", "--json").json["store"] == str(tmp_path / "elsewhere")


def test_only_what_a_node_needs_is_run(plait, small):
    found = plait("run", small, "--to", "scaled", "--json").json
    assert found["nodes"]["scaled"]["state"] == "done"
    assert found["nodes"]["fit"]["state"] == "idle"


@pytest.mark.parametrize("option", [["--to", "vot"], ["--backend", "tpu"], ["--cluster", "inlin"]])
def test_a_wrong_option_is_a_users_mistake_with_a_hint(plait, small, option):
    ended = plait("run", small, *option)
    assert ended.code == 2
    assert "allowed" in ended.err
    assert "Traceback" not in ended.err


def test_a_trial_that_fails_leaves_the_others_and_ends_with_1(plait, small):
    ended = plait("run", small, "--set", "sweep.space={adam.lr: [0.01, 1e30]}", "--json")
    assert ended.code == 1
    assert [trial["state"] for trial in ended.json["trials"]].count("failed") == 2
    assert ended.json["nodes"]["score"]["state"] == "done"


def test_no_progress_bar_is_drawn_where_nobody_watches(plait, small):
    assert plait("run", small).err == ""


def test_ctrl_c_stops_cleanly_with_130_and_the_same_command_goes_on(small, tmp_path):
    small.write_text(small.read_text().replace("epochs: 2", "epochs: 3000"))
    command = [sys.executable, "-m", "pipeline", "run", str(small), "--json", "--store", str(tmp_path / "s")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for(tmp_path / "s" / "records.sqlite", process)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["state"] == "stopped"
    assert "goes on from there" in err
    assert "Traceback" not in err


def test_resume_goes_on_with_the_last_run_and_says_what_came_of_it(plait, small):
    first = plait("run", small, "--json").json
    small.unlink()
    again = plait("resume", "--json")
    assert again.code == 0
    assert again.json["nodes"]["fit"]["states"] == {"cached": 4}
    assert again.json["nodes"]["score"]["metrics"] == first["nodes"]["score"]["metrics"]
    more = plait("resume", "last", "--set", "sweep.seeds=3", "--json").json
    assert more["nodes"]["fit"]["states"] == {"cached": 4, "done": 2}


def test_resume_of_a_run_that_is_not_there_ends_with_2(plait, small):
    plait("run", small)
    ended = plait("resume", "nothing")
    assert ended.code == 2
    assert "there is no run 'nothing'" in ended.err


def _wait_for(path, process):
    for _ in range(300):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    raise AssertionError(f"{path} never came")


def test_in_a_terminal_a_bar_for_each_node_is_drawn_and_taken_away_again(small, tmp_path):
    small.write_text(small.read_text().replace("cluster: inline\n", ""))
    command = [sys.executable, "-m", "pipeline", "run", str(small), "--store", str(tmp_path / "s")]
    leader, follower = os.openpty()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"}
    )
    os.close(follower)
    drawn = _everything(leader)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "vote: average" in out.decode()
    assert [node for node in ("cells", "scaled", "fit", "vote", "score") if node not in drawn] == []
    assert "4/4" in drawn
    assert "5/5" not in drawn


def _everything(terminal):
    """Return what is written to a terminal until all who write to it have gone."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says it
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts).decode(errors="replace")
        parts.append(part)
