import numpy as np
import pytest

from pipeline import DataError, DataSet, exhibits
from pipeline.testing import check_stage, probes
from plugins.evaluate.graph import graph


def test_it_conforms():
    check_stage(graph)


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_the_loss_of_one_row_and_its_graph_are_shown(task):
    data = probes.table(task)
    one = data.with_splits(one=data.rows("train")[3:4])
    measured = graph(probes.predictor(data, 0), data, split="train", row=3)
    assert measured["loss"] == pytest.approx(probes.predictor(data, 0).loss(one, "one"), rel=1e-5)
    assert isinstance(measured["graph"], exhibits.Drawing)


def test_the_gradient_is_that_of_the_loss_to_all_parameters():
    data = probes.table("classes")
    model = probes.predictor(data, 0)
    one = data.with_splits(one=data.rows("train")[:1])
    slope = model.loss_function(one, "one").gradient(model.weights.astype(np.float64))
    assert graph(model, data)["gradient_norm"] == pytest.approx(float(np.linalg.norm(slope)), rel=1e-9)


def test_a_row_that_is_not_there_is_refused():
    data = probes.table("classes")
    with pytest.raises(DataError, match=r"has no row 9999\n    allowed: 0 to"):
        graph(probes.predictor(data, 0), data, row=9999)


def test_data_without_targets_are_refused():
    data = probes.table("classes")
    bare = DataSet(data.inputs, splits=data.splits)
    with pytest.raises(DataError, match="the model predicts classes, but the data holds none"):
        graph(probes.predictor(data, 0), bare)
