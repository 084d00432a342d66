"""`load` and `run` from Python, and the results that they give."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pipeline
from pipeline import DagError, DataError, DataSet, UserError


def test_a_dag_is_loaded_from_a_path_or_a_text_and_draws_itself(small):
    path = small.file()
    assert pipeline.load(path).name == pipeline.load(path.read_text()).name == "small"
    assert "vote" in pipeline.load(path)._repr_html_()


def test_options_are_overridden_by_a_dict_or_as_on_the_command_line(small):
    path = small.file()
    for setting in ({"fit.epochs": 3}, ["fit.epochs=3"]):
        assert pipeline.load(path, set=setting).nodes["fit"].options["epochs"] == 3


def test_a_loaded_dag_can_be_run_with_other_options(small):
    results = small.run(pipeline.load(small.file()), set={"sgd.lr": 0.5})
    assert [trial["label"] for trial in results.trials] == ["seed=0", "seed=1"]


def test_set_as_one_text_is_refused(small):
    with pytest.raises(UserError, match=r"write set=\['fit.epochs=3'\]"):
        pipeline.load(small.file(), set="fit.epochs=3")


def test_a_wrong_file_raises_with_every_problem(small):
    with pytest.raises(DagError) as caught:
        pipeline.load(small.file(gather="{best: 0, metric: loss}", epochs=0))
    assert len(caught.value.problems) == 2


def test_results_are_plain_records_that_json_can_write(small):
    results = small.run()
    record = json.loads(json.dumps(results.to_json()))
    assert {"run", "seconds", "cached", "trials", "nodes"} <= set(record)
    assert set(record["trials"][0]) == {"id", "label", "options", "seed", "state", "metrics"}
    assert record["trials"][0]["options"] == {"sgd.lr": 0.1}
    assert {"state", "metrics"} <= set(record["nodes"]["score"])


def test_a_frame_has_a_row_for_each_trial(small):
    frame = small.run().frame()
    assert frame["sgd.lr"].tolist() == [0.1, 0.1, 0.2, 0.2]
    assert {"trial", "seed", "state", "loss", "accuracy"} <= set(frame.columns)


def test_a_leaderboard_joins_seeds_and_ranks_settings(small):
    results = small.run()
    board = results.leaderboard("loss")
    assert sum(record["simplest"] for record in board) == 1
    mean = np.mean([t["metrics"]["loss"] for t in results.trials if t["options"]["sgd.lr"] == 0.2])
    assert {row["label"] for row in board} == {"sgd.lr=0.1", "sgd.lr=0.2"}
    losses = {row["label"]: row["metrics"]["loss"][0] for row in board}
    assert losses["sgd.lr=0.2"] == pytest.approx(mean)
    assert board[0]["metrics"]["loss"][0] <= board[1]["metrics"]["loss"][0]
    with pytest.raises(UserError, match=r"no trial has the metric 'los'\n.*\n    did you mean 'loss'"):
        results.leaderboard("los")


def test_a_trained_node_predicts(small):
    results = small.run(small.file(epochs=20))
    points = np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
    assert results.model("vote").classify(points).tolist() == ["0", "1"]
    assert results.model("fit", "t0001").predict_raw(points).shape == (2, 2)
    with pytest.raises(
        UserError, match=r"there is no model 'vot'\n    allowed: fit, vote\n    did you mean 'vote'"
    ):
        results.model("vot")


def test_results_show_themselves_in_a_notebook(small):
    html = small.run()._repr_html_()
    assert "sgd.lr=0.1" in html
    assert "score" in html


@pytest.fixture
def arrays(small):
    """The small DAG with a data node that is filled from Python."""
    file = small.file()
    path = small.data()
    file.write_text(file.read_text().replace(f"data.npz, options: {{path: {path}}}", "data.arrays"))
    loaded = np.load(path)
    return file, loaded["inputs"], loaded["targets"]


def test_arrays_are_handed_over_by_node(small, arrays):
    file, inputs, targets = arrays
    results = small.run(file, data={"points": (inputs, targets)})
    assert results.state == "done"
    again = small.run(file, data={"points": DataSet(inputs.copy(), targets.copy())})
    assert again.nodes["fit"]["states"] == {"cached": 4}


def test_other_arrays_are_another_data_set(small, arrays):
    file, inputs, targets = arrays
    small.run(file, data={"points": (inputs, targets)})
    again = small.run(file, data={"points": (inputs + 1, targets)})
    assert again.nodes["fit"]["states"] == {"done": 4}


def test_handed_over_data_are_checked(small, arrays):
    file, inputs, targets = arrays
    with pytest.raises(
        UserError, match=r"data for 'point'.*\n    allowed: points\n    did you mean 'points'"
    ):
        small.run(file, data={"point": (inputs, targets)})
    with pytest.raises(UserError, match="must be a DataSet or a pair"):
        small.run(file, data={"points": inputs})
    with pytest.raises(DataError, match="points"):
        small.run(file, data={"points": (inputs * np.nan, targets)})


def test_a_data_node_that_nothing_was_handed_over_for_says_so(small, arrays):
    results = small.run(arrays[0])
    assert results.exit_code == 2
    assert "pipeline.run(" in results.nodes["points"]["errors"][0]
