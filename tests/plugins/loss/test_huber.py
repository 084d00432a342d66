import numpy as np

from pipeline.testing import check_stage
from plugins.loss.gaussian import gaussian
from plugins.loss.huber import huber
from plugins.loss.laplace import laplace

OUTPUTS, TARGETS = np.array([[3.0], [-1.0], [0.5]]), np.array([0.0, 1.0, 0.25])


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["huber"]
    value, slopes = traced(lambda x: huber(x, case["y"]), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_it_is_squared_for_a_large_delta_and_absolute_for_a_small_one():
    np.testing.assert_allclose(huber(OUTPUTS, TARGETS, delta=1e6), gaussian(OUTPUTS, TARGETS))
    np.testing.assert_allclose(
        huber(OUTPUTS, TARGETS, delta=1e-6) / 1e-6, laplace(OUTPUTS, TARGETS), rtol=1e-5
    )


def test_an_outlier_pulls_no_more_than_delta(traced):
    _, slopes = traced(lambda x: 1e-4 * huber(x, np.zeros(2), delta=0.5), x=np.array([[0.5], [500.0]]))
    np.testing.assert_allclose(slopes["x"][1] / slopes["x"][0], 1.0, rtol=1e-3)


def test_the_stage_conforms():
    check_stage(huber)
