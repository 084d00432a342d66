"""Predicting with stored models for files of raw inputs."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import UserError
from pipeline.running.predict import predict


@pytest.fixture
def inputs(tmp_path):
    """Two points, one in the middle of each class, as a file."""
    path = tmp_path / "new.npz"
    np.savez(path, inputs=np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]))
    return path


def test_the_last_ensemble_predicts_by_default(small, inputs):
    results = small.run(small.file(epochs=20))
    prediction = predict(small.store, results.run, inputs)
    assert prediction.model == "vote"
    assert [row["class"] for row in prediction.rows()] == ["0", "1"]
    np.testing.assert_array_equal(prediction.outputs, results.model().predict_raw(np.load(inputs)["inputs"]))


def test_of_a_train_node_the_best_trial_predicts(small, inputs):
    results = small.run()
    best = min(results.trials, key=lambda trial: (-trial["metrics"]["accuracy"], trial["id"]))
    assert predict(small.store, "last:fit", inputs).model == f"fit[{best['label']}]"


def test_a_table_is_read_by_the_names_of_the_training_data(small, tmp_path):
    table = tmp_path / "train.csv"
    rng = np.random.default_rng(0)
    rows = [f"{x + 3 * (i % 2)},{y},{'ab'[i % 2]}" for i, (x, y) in enumerate(rng.normal(size=(60, 2)))]
    table.write_text("\n".join(["size,noise,kind", *rows]))
    file = small.file(epochs=20)
    text = file.read_text().replace(
        f"data.npz, options: {{path: {small.data()}}}", "data.csv, options: {path: PATH}"
    )
    file.write_text(text.replace("PATH", str(table)))
    small.run(file)
    new = tmp_path / "new.csv"
    new.write_text("noise,size\n0,-1\n0,4\n")
    assert [row["class"] for row in predict(small.store, "last", new).rows()] == ["a", "b"]


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("nothing", "there is no run 'nothing'"),
        ("last:vota", r"has no model 'vota'\n    allowed: fit, vote\n    did you mean 'vote'"),
        ("last:score", "has no model 'score'"),
    ],
)
def test_a_model_that_is_not_there_is_said(small, inputs, which, message):
    small.run()
    with pytest.raises(UserError, match=message):
        predict(small.store, which, inputs)


def test_a_file_of_another_kind_is_refused(small, tmp_path):
    small.run()
    with pytest.raises(UserError, match=r"neither \.npz nor \.csv"):
        predict(small.store, "last", tmp_path / "data.txt")


def test_inputs_of_another_shape_are_refused(small, tmp_path):
    small.run()
    np.savez(tmp_path / "wide.npz", inputs=np.zeros((2, 5)))
    with pytest.raises(UserError, match="shape"):
        predict(small.store, "last", tmp_path / "wide.npz")
