import numpy as np
import pytest

from pipeline import DataError, DataSet, capacity
from pipeline.stages.estimated import Estimated
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.evaluate.vc_bound import vc_bound
from plugins.model.glm import glm
from plugins.model.tree import tree


def halves() -> DataSet:
    inputs = np.random.default_rng(0).normal(size=(300, 3))
    splits = {"train": np.arange(200), "test": np.arange(200, 300)}
    return DataSet(inputs, (inputs.sum(axis=1) > 0).astype(int), splits=splits)


def fitted(data, stage=glm, **options):
    return Estimated.of(Stage.of(stage), options or {"strength": 1.0}, 0, data)


def test_the_bound_is_that_of_one_dimension_more_than_there_are_inputs():
    data = halves()
    found = vc_bound(fitted(data), data, confidence=0.9)
    assert found["vc_dimension"] == 4
    assert found["bound"] == capacity.vc_bound(found["train_error"], 200, 4, 0.9)
    assert found["test_error"] <= found["bound"]


def test_what_is_not_linear_has_another_bound():
    data = halves()
    with pytest.raises(DataError, match="one linear classifier of two classes, and this is tree of 2"):
        vc_bound(fitted(data, tree, depth=None, leaf=1), data)


def test_more_than_two_classes_have_another_bound():
    data = probes.table("classes")
    with pytest.raises(DataError, match="and this is glm of 3"):
        vc_bound(fitted(data), data)


def test_it_conforms():
    check_stage(vc_bound, "evaluate", model=fitted(halves()), data=halves())
