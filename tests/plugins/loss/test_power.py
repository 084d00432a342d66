import numpy as np

from pipeline.testing import check_stage
from plugins.loss.gaussian import gaussian
from plugins.loss.laplace import laplace
from plugins.loss.power import power

OUTPUTS, TARGETS = np.array([[3.0], [-1.0], [0.5]]), np.array([0.0, 1.0, 0.25])


def test_exponents_one_and_two_are_the_absolute_and_half_the_squared_error():
    np.testing.assert_allclose(power(OUTPUTS, TARGETS, exponent=1.0), laplace(OUTPUTS, TARGETS))
    np.testing.assert_allclose(power(OUTPUTS, TARGETS, exponent=2.0), gaussian(OUTPUTS, TARGETS))


def test_the_gradient_at_no_error_is_zero_and_finite(traced):
    _, slopes = traced(lambda x: power(x, np.array([1.0, 1.0])), x=np.array([[1.0], [3.0]]))
    assert slopes["x"][0, 0] == 0.0
    np.testing.assert_allclose(slopes["x"][1, 0], np.cos(4.0) * 8.0)


def test_large_exponents_go_to_midway_between_extremes_and_one_to_the_median():
    y = np.array([0.0, 0.0, 0.0, 1.0, 8.0])
    grid = np.linspace(0, 8, 801)

    def best(exponent):
        losses = [power(np.full((5, 1), at), y, exponent=exponent).sum() for at in grid]
        return grid[np.argmin(losses)]

    assert best(1.0) == 0.0
    np.testing.assert_allclose(best(2.0), y.mean(), atol=0.01)
    assert 3.0 < best(8.0) < 4.0


def test_the_stage_conforms():
    check_stage(power)
