import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.train.descent import descent


@pytest.mark.parametrize("step", ["best", "forecast", "armijo", "wolfe"])
def test_each_way_to_choose_a_step_goes_downhill(descended, step):
    found = descended("train.descent", step=step, epochs=15)
    assert (np.diff([record["objective"] for record in found.history]) < 0).all()
    assert found.metrics["train_loss"] < 0.2


def test_a_line_search_reaches_the_least_objective(descended, least):
    found = descended("train.descent", step="wolfe", epochs=300, tolerance=1e-4)
    assert found.metrics["objective"] == pytest.approx(least, rel=1e-4)


def test_a_constant_step_is_the_rate_times_the_gradient(descended):
    found = descended("train.descent", step="constant", rate=1e-3, epochs=2)
    first, second = found.history
    assert second["objective"] - first["objective"] == pytest.approx(
        -1e-3 * first["gradient_norm"] ** 2, rel=0.02
    )


def test_it_conforms():
    check_stage(descent, "train", options={"epochs": 3})
