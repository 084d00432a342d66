"""Functions that stay exact and finite for inputs to ±1e4 in float32, and so do their gradients."""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops
from pipeline.errors import OptionError, ShapeError

WIDE = arrays.arrays(np.float32, (3, 5), elements=st.floats(-1e4, 1e4, width=32))
TARGETS = np.array([0, 4, 2])
SHARES = np.linspace(0, 1, 15, dtype=np.float32).reshape(3, 5)


def softplus(x):
    return np.logaddexp(0, x)


# plait's function of float32, SciPy's of the same numbers in float64
FUNCTIONS = {
    "softmax": (ops.softmax, lambda x: special.softmax(x, axis=-1)),
    "log_softmax": (ops.log_softmax, lambda x: special.log_softmax(x, axis=-1)),
    "logsumexp": (ops.logsumexp, lambda x: special.logsumexp(x, axis=-1)),
    "sigmoid": (ops.sigmoid, special.expit),
    "log_sigmoid": (ops.log_sigmoid, special.log_expit),
    "softplus": (ops.softplus, softplus),
    "tanh": (ops.tanh, np.tanh),
    "elu": (ops.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    "silu": (ops.silu, lambda x: x * special.expit(x)),
    "log1p(exp(-|x|))": (lambda x: ops.log1p(ops.exp(-ops.abs(x))), lambda x: softplus(-np.abs(x))),
    "cross entropy of classes": (
        lambda x: ops.cross_entropy(x, TARGETS),
        lambda x: -special.log_softmax(x, axis=-1)[range(3), TARGETS],
    ),
    "cross entropy of shares": (
        lambda x: ops.cross_entropy(x, SHARES),
        lambda x: -np.sum(SHARES.astype(float) * special.log_softmax(x, axis=-1), -1),
    ),
    "binary cross entropy": (
        lambda x: ops.binary_cross_entropy(x, SHARES),
        lambda x: SHARES * softplus(-x) + (1 - SHARES.astype(float)) * softplus(x),
    ),
    "sqrt above a floor": (
        lambda x: ops.sqrt(x, floor=1e-6),
        lambda x: np.sqrt(np.maximum(x, float(np.float32(1e-6)))),
    ),
    "log above a floor": (
        lambda x: ops.log(x, floor=1e-6),
        lambda x: np.log(np.maximum(x, float(np.float32(1e-6)))),
    ),
    "norm": (lambda x: ops.norm(x, -1), lambda x: np.linalg.norm(x, axis=-1)),
    "compensated sum": (lambda x: ops.sum(x, -1, compensated=True), lambda x: np.sum(x, -1)),
}


@cache
def derived(function, shape):
    """Return what runs the gradient of the sum of a function, in float32."""
    graph = Graph("float32")
    tensor = graph.input("x", shape)
    program = Program(graph, {"slope": gradient(ops.sum(function(tensor)), [tensor])[0]})
    return program.bind(1, (), numpy_backend())


def slopes(function, x):
    """Return the gradient of the sum of a function at x."""
    executor = derived(function, x.shape)
    executor.inputs["x"][...] = x
    executor.run()
    return executor.outputs["slope"].copy()


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(deadline=None, max_examples=40)
@given(x=WIDE)
def test_values_are_those_of_float64_and_gradients_are_finite(name, x):
    function, reference = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        found = function(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference(x.astype(np.float64)), rtol=3e-6, atol=1e-6)
    assert np.isfinite(slopes(function, x)).all()


EDGES = np.float32([0.0, -0.0, 1e-45, -1e-45, 1e-38, 1e-7, -1e-7, 1.0, 88.7, 88.8, -104, 1e4, -1e4, 16.6])
EXACT = {
    "sigmoid": (ops.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "log_sigmoid": (ops.log_sigmoid, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "softplus": (ops.softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "tanh": (ops.tanh, mpmath.tanh),
    "expm1": (lambda x: ops.expm1(ops.minimum(x, 88.0)), lambda x: mpmath.expm1(min(x, 88))),
    "log1p": (lambda x: ops.log1p(ops.relu(x)), lambda x: mpmath.log1p(max(x, 0))),
}


@pytest.mark.parametrize("name", EXACT)
def test_values_have_the_digits_of_many_digit_arithmetic_however_small_they_are(name):
    function, reference = EXACT[name]
    with np.errstate(all="ignore"):
        found = function(EDGES)
    with mpmath.workdps(50):
        expected = np.array([float(reference(mpmath.mpf(float(x)))) for x in EDGES])
    np.testing.assert_allclose(found, expected, rtol=5e-7, atol=2e-38)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_finite_where_derivatives_tend_to_be_infinite(name):
    for x in (np.zeros((3, 5), "f4"), np.full((3, 5), -1e4, "f4"), np.float32([[0, -0.0, 1, 1e-45, -1]] * 3)):
        assert np.isfinite(slopes(FUNCTIONS[name][0], x)).all()


def test_without_a_floor_the_derivative_of_a_root_at_zero_is_infinite():
    assert slopes(ops.sqrt, np.zeros((1, 1), "f4")) == np.inf
    assert slopes(lambda x: ops.sqrt(x, floor=1e-8), np.zeros((1, 1), "f4")) == 0


def test_the_derivative_of_cross_entropy_is_the_difference_of_probabilities():
    x = np.float32([[1e4, -1e4, 0, 3, 9999], [1, 2, 3, 4, 5], [-5, 0, 5, 0, 1]])
    expected = special.softmax(x.astype(float), axis=-1) - np.eye(5)[TARGETS]
    np.testing.assert_allclose(slopes(lambda x: ops.cross_entropy(x, TARGETS), x), expected, atol=3e-7)


@settings(deadline=None)
@given(
    n=st.integers(1, 200),
    seed=st.integers(0, 1000),
    spread=st.integers(0, 12),
    axis=st.sampled_from([0, 1, -1]),
)
def test_a_compensated_sum_has_the_error_of_its_last_rounding_and_of_double_precision(n, seed, spread, axis):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(n, 3)) * 10.0 ** rng.integers(-spread, 1, size=(n, 3))).astype(np.float32)
    exact, size = x.astype(np.longdouble).sum(axis), np.abs(x.astype(float)).sum(axis)
    error = np.abs(ops.sum(x, axis, compensated=True) - exact)
    assert (error <= 2.0**-24 * np.abs(exact) + 2 * (n + 3) ** 2 * 2.0**-48 * size).all()


def test_a_compensated_sum_keeps_what_a_plain_one_loses():
    x = np.float32([1e8, 1.0, -1e8, 1e-3] * 3001)
    plain, compensated = ops.sum(x), ops.sum(x, compensated=True)
    assert abs(plain - 3004.001) > 1
    assert compensated == np.float32(3004.001)
    assert slopes(lambda x: ops.sum(x, -1, compensated=True) * 2.0, x[None, :8]).tolist() == [[2.0] * 8]


def test_a_compensated_sum_of_infinities_is_infinite_and_of_nan_is_nan():
    with np.errstate(all="ignore"):
        assert ops.sum(np.float32([1, np.inf, 3]), compensated=True) == np.inf
        assert ops.sum(np.float32([3e38, 3e38]), compensated=True) == np.inf
        assert np.isnan(ops.sum(np.float32([1, np.nan]), compensated=True))
    assert ops.sum(np.array([True, True, False]), compensated=True) == 2


def test_a_compensated_sum_over_axes_keeps_them_where_it_is_told_to():
    x = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    for axis in (0, 1, (0, 2), (1, 2), None):
        for keepdims in (False, True):
            found = ops.sum(x, axis, keepdims, compensated=True)
            np.testing.assert_array_equal(found, x.sum(axis, keepdims=keepdims))


def test_targets_that_do_not_fit_are_told_with_their_shapes():
    with pytest.raises(ShapeError, match=r"cross_entropy: targets \(2,\) do not fit logits \(3, 5\)"):
        ops.cross_entropy(np.zeros((3, 5)), np.array([0, 1]))
    with pytest.raises(ShapeError, match=r"binary_cross_entropy: targets \(3,\) do not fit logits \(3, 5\)"):
        ops.binary_cross_entropy(np.zeros((3, 5)), np.zeros(3))
    with pytest.raises(OptionError, match=r"sqrt: the floor -1.0 is below 0; it is a small number"):
        ops.sqrt(np.zeros(3), floor=-1.0)
