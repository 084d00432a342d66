import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.train.conjugate_gradient import conjugate_gradient


def test_it_reaches_the_least_objective_downhill_all_the_way(descended, least):
    found = descended("train.conjugate_gradient", epochs=100)
    objective = [record["objective"] for record in found.history]
    assert objective[-1] == pytest.approx(least, rel=1e-5)
    assert (np.diff(objective) < 0).all()
    assert found.epochs < 100


def test_it_conforms():
    check_stage(conjugate_gradient, "train", options={"epochs": 4})
