import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function, forecast


def test_on_a_quadratic_the_forecast_is_what_happens(quadratic):
    f, x = quadratic([0.5, 2.0, 7.0]), np.array([1.0, -1.0, 2.0])
    ahead, g = forecast(f, x), f.gradient(x)
    for rate in (0.01, 0.1, 0.3, 1.0):
        assert ahead.at(rate) == pytest.approx(f(x - rate * g), rel=1e-12)


def test_the_best_rate_is_the_lowest_point_and_twice_it_is_level(quadratic):
    f, x = quadratic([0.5, 2.0, 7.0]), np.array([1.0, -1.0, 2.0])
    ahead, g = forecast(f, x), f.gradient(x)
    assert ahead.best_rate == pytest.approx((g @ g) / (g @ f.hessian(x) @ g), rel=1e-12)
    assert ahead.at(ahead.best_rate) < min(ahead.at(0.9 * ahead.best_rate), ahead.at(1.1 * ahead.best_rate))
    assert ahead.at(2 * ahead.best_rate) == pytest.approx(ahead.value)
    assert not ahead.goes_uphill(1.9 * ahead.best_rate)
    assert ahead.goes_uphill(2.1 * ahead.best_rate)


def test_a_step_at_the_inverse_of_the_largest_eigenvalue_never_goes_uphill(quadratic):
    f = quadratic([-1.0, 0.1, 2.0, 30.0])
    for x in np.random.default_rng(0).normal(size=(20, 4)):
        assert not forecast(f, x).goes_uphill(1 / 30)


def test_the_error_of_the_forecast_shrinks_with_the_third_power_of_the_step():
    f, x = Function(lambda x: ops.sum(ops.exp(x)), np.zeros(3)), np.array([0.1, 0.5, -0.3])
    ahead, g = forecast(f, x), f.gradient(x)
    large, small = (abs(ahead.at(rate) - f(x - rate * g)) for rate in (1e-1, 1e-2))
    assert small / large == pytest.approx(1e-3, rel=0.3)


def test_where_the_function_bends_downwards_there_is_no_lowest_point():
    ahead = forecast(Function(lambda x: -ops.sum(x * x), np.ones(2)), np.ones(2))
    assert ahead.best_rate == np.inf
    assert not ahead.goes_uphill(100.0)
