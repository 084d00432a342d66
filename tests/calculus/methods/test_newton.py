import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function, minimize
from pipeline.calculus.requests import Reason
from pipeline.errors import OptionError


def saddle(x):
    """A saddle at zero, minima at (0, ±1)."""
    return x[0] * x[0] - x[1] * x[1] + 0.5 * x[1] ** 4


@pytest.mark.parametrize("variant", ["plain", "damped", "saddle_free"])
def test_one_step_is_enough_on_a_quadratic(quadratic, variant):
    f = quadratic([0.1, 3.0, 80.0])
    found = minimize(f, np.ones(3), "newton", variant=variant)
    assert (found.iterations, found.reason) == (1, Reason.CONVERGED)
    np.testing.assert_allclose(f.gradient(found.x), 0, atol=1e-12)


def test_plain_steps_go_to_the_saddle_and_the_others_past_it():
    f, start = Function(saddle, np.zeros(2)), np.array([0.5, 0.1])
    ends = {v: minimize(f, start, "newton", variant=v).x for v in ("plain", "damped", "saddle_free")}
    np.testing.assert_allclose(ends["plain"], [0, 0], atol=1e-6)
    np.testing.assert_allclose(ends["damped"], [0, 1], atol=1e-6)
    np.testing.assert_allclose(ends["saddle_free"], [0, 1], atol=1e-6)


def test_a_saddle_free_step_has_the_eigenvalues_sizes():
    f, x = Function(lambda x: 2 * x[0] * x[0] - x[1] * x[1], np.zeros(2)), np.array([1.0, 0.5])
    found = minimize(f, x, "newton", variant="saddle_free", iterations=1)
    np.testing.assert_allclose(found.x, [0, 1.0], atol=1e-12)


def test_a_direction_without_curvature_is_no_hindrance_but_to_plain_steps():
    f = Function(lambda x: x[0] ** 2, np.zeros(2))
    start = np.array([1.0, 1.0])
    assert minimize(f, start, "newton", variant="plain").reason is Reason.SINGULAR
    for variant in ("damped", "saddle_free"):
        np.testing.assert_allclose(minimize(f, start, "newton", variant=variant).x, [0, 1], atol=1e-5)


def test_a_hessian_that_is_too_large_is_refused():
    with pytest.raises(OptionError, match=r"that of 4001 weights is too large\n    use newton_cg"):
        minimize(lambda x: ops.sum(x * x), np.ones(4001), "newton")


def test_a_variant_that_is_not_there_is_named_with_those_that_are(quadratic):
    with pytest.raises(OptionError, match=r"no variant 'damp'\n    allowed: plain, damped, saddle_free\n"):
        minimize(quadratic([1.0]), np.ones(1), "newton", variant="damp")
