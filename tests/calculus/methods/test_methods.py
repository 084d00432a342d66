"""What all methods have in common: the optimum, in as many iterations as SciPy's, downwards all the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize as scipy_minimize

from pipeline import ops
from pipeline.calculus import Function, minimize
from pipeline.calculus.requests import Reason
from pipeline.errors import OptionError, ShapeError

START = np.array([-1.2, 1.0])
# plait's method with its options, SciPy's that does the same, and what SciPy calls its tolerance
PAIRS = [
    ("lbfgs", {"memory": 10}, "L-BFGS-B", {"gtol": 1e-5, "ftol": 0, "maxcor": 10}),
    ("conjugate_gradient", {}, "CG", {"gtol": 1e-5}),
    ("newton_cg", {}, "Newton-CG", {"xtol": 1e-8}),
    ("newton", {"variant": "damped"}, "trust-exact", {"gtol": 1e-5}),
    ("newton", {"variant": "saddle_free"}, "trust-exact", {"gtol": 1e-5}),
]
DESCENDING = [
    ("descent", {"step": "best"}),
    ("descent", {"step": "forecast"}),
    ("descent", {"step": "armijo"}),
    ("descent", {"step": "wolfe"}),
    ("newton", {"variant": "damped"}),
    ("newton", {"variant": "saddle_free"}),
    ("newton_cg", {}),
    ("conjugate_gradient", {}),
    ("lbfgs", {}),
]


def valley(x):
    return ops.sum(100 * ops.square(x[1:] - ops.square(x[:-1])) + ops.square(1 - x[:-1]))


ROSENBROCK = Function(valley, START)


def scipys(f, start, method, options):
    with_hessian = {} if method in ("L-BFGS-B", "CG") else {"hess": f.hessian}
    return scipy_minimize(f, start, jac=f.gradient, method=method, options=options, **with_hessian)


@pytest.mark.parametrize(("method", "options", "theirs", "their_options"), PAIRS)
def test_on_rosenbrock_it_takes_no_more_iterations_than_scipy(method, options, theirs, their_options):
    found = minimize(ROSENBROCK, START, method, **options)
    reference = scipys(ROSENBROCK, START, theirs, their_options)
    assert found.reason is Reason.CONVERGED
    assert found.value <= 1e-8
    np.testing.assert_allclose(found.x, reference.x, atol=1e-4)
    assert found.iterations <= 1.2 * reference.nit


@pytest.mark.parametrize(("method", "options", "theirs", "their_options"), PAIRS)
def test_on_logistic_regression_it_takes_no_more_iterations_than_scipy(
    method, options, theirs, their_options, logistic
):
    f = logistic.decayed()
    found = minimize(f, logistic.start, method, **options)
    reference = scipys(f, logistic.start, theirs, their_options)
    assert found.converged
    assert found.value == pytest.approx(reference.fun, abs=1e-6)
    np.testing.assert_allclose(found.x, reference.x, atol=1e-3)
    assert found.iterations <= 1.2 * reference.nit


@pytest.mark.parametrize(("method", "options"), DESCENDING)
@settings(max_examples=12, deadline=None)
@given(st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_every_iteration_goes_down(method, options, start):
    found = minimize(ROSENBROCK, np.array(start), method, iterations=15, **options)
    assert (np.diff(found.values) < 0).all()
    assert found.value == found.values[-1] == pytest.approx(ROSENBROCK(found.x))


@pytest.mark.parametrize("step", ["wolfe", "forecast"])
def test_steepest_descent_reaches_the_end_of_rosenbrocks_valley(step):
    found = minimize(ROSENBROCK, START, "descent", step=step, rate=1e-3, iterations=20000, tolerance=6e-5)
    assert found.value <= 1e-8


@pytest.mark.parametrize("method", ["newton", "newton_cg", "gauss_newton", "conjugate_gradient", "lbfgs"])
def test_in_float32_it_ends_where_rounding_begins(method):
    function = Function(lambda r: ops.sum(r * r), START, dtype="float32", through=residuals)
    found = minimize(function, START, method, tolerance=1e-12)
    assert found.x.dtype == np.float32
    assert found.reason in (Reason.STUCK, Reason.CONVERGED)
    assert found.value <= 1e-6


def residuals(x):
    return ops.concatenate([10 * (x[1:] - ops.square(x[:-1])), 1 - x[:-1]])


def test_a_start_at_the_minimum_is_the_end():
    found = minimize(ROSENBROCK, np.ones(2))
    assert (found.iterations, found.value, found.reason) == (0, 0.0, Reason.CONVERGED)
    assert found.values == (0.0,)


def test_iterations_may_run_out():
    found = minimize(ROSENBROCK, START, iterations=3)
    assert (found.iterations, found.reason, found.converged) == (3, None, False)
    assert len(found.values) == 4


def test_points_of_any_shape_keep_it():
    found = minimize(lambda x: ops.sum((x - 2) ** 2), np.zeros((2, 3)))
    assert found.x.shape == found.gradient.shape == (2, 3)
    np.testing.assert_allclose(found.x, 2, atol=1e-5)


def test_a_method_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        OptionError, match=r"no method 'lbfg'\n    allowed: .*lbfgs\n    did you mean 'lbfgs'"
    ):
        minimize(ROSENBROCK, START, "lbfg")


def test_an_option_that_a_method_does_not_have_is_named_with_those_that_it_has():
    with pytest.raises(
        OptionError, match=r"lbfgs has no option 'memry'\n    allowed: memory, tolerance\n.*'memory'"
    ):
        minimize(ROSENBROCK, START, memry=3)


def test_a_start_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"the point has shape \(3,\), but the function takes \(2,\)"):
        minimize(ROSENBROCK, np.zeros(3))


def test_a_method_may_be_anybodys():
    from pipeline.calculus.requests import Iterate, Slope

    def halving(w):
        for _ in range(3):
            w = w / 2
            value, gradient = yield Slope(w)
            yield Iterate(w, value, gradient)
        return Reason.STUCK

    found = minimize(ROSENBROCK, np.array([8.0, 8.0]), halving)
    np.testing.assert_array_equal(found.x, [1, 1])
    assert (found.iterations, found.evaluations, found.reason) == (3, 3, Reason.STUCK)
