import numpy as np
import pytest

from pipeline import DataSet
from pipeline.errors import OptionError
from pipeline.testing import check_stage
from plugins.train.newton import newton


@pytest.mark.parametrize("variant", ["damped", "saddle_free"])
def test_it_reaches_the_least_objective_in_a_few_steps(descended, least, variant):
    found = descended("train.newton", variant=variant)
    objective = [record["objective"] for record in found.history]
    assert objective[-1] == pytest.approx(least, rel=1e-6)
    assert (np.diff(objective) < 0).all()
    assert found.epochs <= 12


def test_one_plain_step_fits_a_linear_model(descended, cells):
    data = DataSet(cells.inputs, cells.inputs @ np.arange(30.0), splits=cells.splits)
    found = descended("train.newton", variant="plain", data=data)
    assert found.epochs == 1
    assert found.metrics["gradient_norm"] < 1e-8


def test_a_model_whose_hessian_is_too_large_is_refused(descended):
    with pytest.raises(
        OptionError, match=r"fit \(train.newton\): .* that of 4226 weights is too large\n.*newton_cg"
    ):
        descended("train.newton", model="model.mlp")


@pytest.mark.parametrize("variant", ["damped", "saddle_free"])
def test_it_conforms(variant):
    check_stage(newton, "train", options={"epochs": 3, "variant": variant})
