"""What is asked of runs that have ended: runs, why, verify, predict, cache."""

import csv

import pytest


def test_runs_are_listed(plait, ran):
    store, run = ran
    found = plait("runs", "list", "--store", store, "--json").json
    assert [each["run"] for each in found["runs"]][-1] == run
    assert run in plait("runs", "list", "--store", store).out


def test_a_run_is_shown_as_it_was_when_it_ended(plait, ran):
    store, run = ran
    shown = plait("runs", "show", run, "--store", store)
    assert "vote: average" in shown.out
    record = plait("runs", "show", run, "--store", store, "--json").json
    assert record["nodes"]["score"]["metrics"]["accuracy"] > 0.5
    assert record["nodes"]["score"]["inputs"]["model"] == ["vote"]


def test_two_runs_are_compared_line_by_line_and_metric_by_metric(plait, small, tmp_path):
    first = plait("run", small, "--json", "--store", "s").json
    small.write_text(small.read_text().replace("hidden: [4]", "hidden: [5]"))
    second = plait("run", small, "--json", "--store", "s").json
    found = plait("runs", "diff", first["run"], second["run"], "--store", "s", "--json").json
    assert any(line.startswith("+") and "hidden: [5]" in line for line in found["file"])
    assert "fit" in found["nodes"]
    assert "hidden: [5]" in plait("runs", "diff", first["run"], "last", "--store", "s").out


def test_a_run_that_is_not_there_is_a_users_mistake(plait, ran):
    ended = plait("runs", "show", "nothing", "--store", ran[0])
    assert ended.code == 2
    assert "there is no run 'nothing'" in ended.err


def test_a_store_that_is_not_there_has_no_runs_and_is_not_made(plait, tmp_path):
    assert plait("runs", "list", "--json").json == {"runs": []}
    assert not (tmp_path / ".plait").exists()


def test_why_says_which_option_changed(plait, small):
    plait("run", small, "--store", "s")
    plait("run", small, "--store", "s", "--set", "fit.epochs=3")
    assert "option fit.epochs changed: 2 -> 3" in plait("why", "last", "fit", "--store", "s").out
    found = plait("why", "last", "parts", "--store", "s", "--json").json
    assert found["node"] == "parts"
    assert {reason["what"] for reason in found["reasons"]} == {"unchanged"}


def test_verify_shows_a_trial_trained_alone_bit_for_bit_equal(plait, ran):
    ended = plait("verify", ran[1], "t0002", "--store", ran[0])
    assert ended.code == 0
    assert "bit for bit" in ended.out
    assert plait("verify", ran[1], "t0002", "--store", ran[0], "--json").json["equal"] is True


def test_verify_names_the_trials_that_there_are(plait, ran):
    ended = plait("verify", ran[1], "t9999", "--store", ran[0])
    assert ended.code == 2
    assert "t0001" in ended.err


@pytest.fixture
def rows(tmp_path):
    """Three rows of the data that the small DAG is trained on, as a table, and their classes."""
    from sklearn.datasets import load_breast_cancer

    cells = load_breast_cancer()
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([cells.feature_names, *cells.data[[0, 1, 19]].tolist()])
    return tmp_path / "rows.csv", [str(cells.target_names[i]) for i in cells.target[[0, 1, 19]]]


def test_predictions_are_csv_with_a_class_and_its_probabilities(plait, ran, rows):
    path, classes = rows
    lines = list(csv.DictReader(plait("predict", f"{ran[1]}:vote", path, "--store", ran[0]).out.splitlines()))
    assert [line["class"] for line in lines] == classes
    assert sum(float(lines[0][f"p({name})"]) for name in set(classes)) == pytest.approx(1, abs=1e-5)


def test_predictions_as_json(plait, ran, rows):
    found = plait("predict", "last", rows[0], "--store", ran[0], "--json").json
    assert [each["class"] for each in found["predictions"]] == rows[1]


def test_a_table_with_text_is_refused_with_the_column(plait, ran, rows):
    path, _ = rows
    path.write_text(path.read_text().replace("17.99", "big"))
    ended = plait("predict", "last", path, "--store", ran[0])
    assert ended.code == 2
    assert "'mean radius'" in ended.err


def test_the_cache_lists_results_with_node_and_size(plait, ran):
    found = plait("cache", "ls", "--store", ran[0], "--json").json
    assert {"fit[adam.lr=0.01 seed=0]", "vote"} <= {each["node"] for each in found["objects"]}
    assert found["bytes"] == sum(each["bytes"] for each in found["objects"]) > 0


def test_collecting_removes_what_the_latest_runs_did_not_use(plait, small):
    plait("run", small, "--store", "s")
    plait("run", small, "--store", "s", "--set", "net.hidden=[5]")
    would = plait("cache", "gc", "--keep", 1, "--dry-run", "--store", "s", "--json").json
    freed = plait("cache", "gc", "--keep", 1, "--store", "s", "--json").json
    assert len(would["removed"]) == len(freed["removed"]) == 6  # four nets, the ensemble, its score
    assert freed["bytes"] > 0
    assert (
        plait("plan", small, "--store", "s", "--set", "net.hidden=[5]", "--json").json["nodes"]["fit"]["runs"]
        == 0
    )
