import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function, UphillWarning, minimize
from pipeline.calculus.requests import Reason
from pipeline.errors import OptionError


def test_a_constant_step_is_rate_times_the_gradient(quadratic):
    f, x = quadratic([1.0, 2.0, 5.0]), np.ones(3)
    found = minimize(f, x, "descent", step="constant", rate=0.1, iterations=1)
    np.testing.assert_allclose(found.x, x - 0.1 * f.gradient(x), rtol=1e-14)


@pytest.mark.parametrize("condition", [3.0, 10.0, 100.0])
def test_the_best_constant_step_contracts_as_the_condition_number_says(quadratic, condition):
    values = np.linspace(1, condition, 8)
    f = quadratic(values)
    low = np.linalg.solve(f.hessian(np.zeros(8)), -f.gradient(np.zeros(8)))
    ends = (
        [
            minimize(f, np.zeros(8), "descent", step="constant", rate=2 / (1 + condition), iterations=n)
            for n in (200, 201)
        ]
        if condition > 50
        else [
            minimize(
                f,
                np.zeros(8),
                "descent",
                step="constant",
                rate=2 / (1 + condition),
                iterations=n,
                tolerance=0,
            )
            for n in (20, 21)
        ]
    )
    first, second = (np.linalg.norm(end.x - low) for end in ends)
    assert second / first == pytest.approx((condition - 1) / (condition + 1), rel=0.05)


def test_a_step_at_the_inverse_of_the_largest_eigenvalue_converges_and_one_above_twice_it_diverges(quadratic):
    f = quadratic([0.5, 1.0, 8.0])
    there = minimize(f, np.ones(3), "descent", step="constant", rate=1 / 8)
    assert there.converged
    with pytest.warns(UphillWarning, match=r"a step of rate 0.2625 goes uphill, from .* to "):
        away = minimize(f, np.ones(3), "descent", step="constant", rate=2.1 / 8, iterations=200)
    assert away.value > 100 * abs(f(np.ones(3)))


def test_rounding_at_the_bottom_is_no_step_uphill():
    f = Function(lambda x: 1000 + ops.sum(x * x), np.ones(3), dtype="float32")
    found = minimize(f, np.ones(3), "descent", step="constant", rate=0.3, iterations=200, tolerance=0)
    assert found.value == 1000


def test_it_ends_where_the_function_is_not_finite(quadratic):
    with pytest.warns(UphillWarning):
        found = minimize(quadratic([1.0, 8.0]), np.ones(2), "descent", step="constant", rate=1e9)
    assert found.reason is Reason.UNBOUNDED


def test_of_several_steps_the_best_is_taken():
    f = Function(lambda x: ops.sum((x - 1) ** 2), np.zeros(2))
    found = minimize(f, np.zeros(2), "descent", step="best", rates=(0.1, 0.4, 2.0), iterations=1)
    np.testing.assert_allclose(found.x, [0.8, 0.8])
    stuck = minimize(f, np.zeros(2), "descent", step="best", rates=(2.0, 3.0))
    assert (stuck.iterations, stuck.reason) == (0, Reason.STUCK)


def test_the_forecasts_step_is_the_exact_one_on_a_quadratic(quadratic):
    f, x = quadratic([1.0, 4.0, 9.0]), np.ones(3)
    g = f.gradient(x)
    found = minimize(f, x, "descent", step="forecast", iterations=1)
    np.testing.assert_allclose(found.x, x - (g @ g) / f.curvature(x, g) * g, rtol=1e-12)
    assert abs(f.gradient(found.x) @ g) <= 1e-12 * (g @ g)


def test_the_forecasts_step_goes_down_where_the_function_bends_downwards():
    f = Function(lambda x: ops.sum(ops.cos(x)), np.zeros(2))
    found = minimize(f, np.array([0.1, 0.2]), "descent", step="forecast")
    np.testing.assert_allclose(np.cos(found.x), -1, atol=1e-6)


def test_a_step_that_is_not_there_is_named_with_those_that_are(quadratic):
    with pytest.raises(OptionError, match=r"no step 'wolf'\n    allowed: constant, best.*\n.*'wolfe'"):
        minimize(quadratic([1.0]), np.ones(1), "descent", step="wolf")
