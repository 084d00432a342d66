import numpy as np

from pipeline import ops
from pipeline.calculus import Function, minimize
from pipeline.calculus.methods.lbfgs import _product
from pipeline.calculus.requests import Reason


def test_the_two_loops_are_the_product_with_the_bfgs_matrix():
    rng = np.random.default_rng(0)
    g, pairs = rng.normal(size=5), []
    for _ in range(3):
        s = rng.normal(size=5)
        pairs.append((s, s * np.arange(1.0, 6)))
    s, y = pairs[-1]
    inverse = (s @ y) / (y @ y) * np.eye(5)
    for s, y in pairs:  # Nocedal & Wright 2006, equation 7.16
        v = np.eye(5) - np.outer(y, s) / (y @ s)
        inverse = v.T @ inverse @ v + np.outer(s, s) / (y @ s)
    np.testing.assert_allclose(_product(pairs, g), inverse @ g, rtol=1e-12)


def test_more_memory_needs_fewer_iterations_on_a_long_valley(quadratic):
    f = quadratic(np.geomspace(1, 1e4, 20))
    few, many = (minimize(f, np.ones(20), memory=m, iterations=2000).iterations for m in (1, 20))
    assert many < few


def test_it_takes_hundreds_of_dimensions():
    found = minimize(
        lambda x: ops.sum(100 * ops.square(x[1:] - ops.square(x[:-1])) + ops.square(1 - x[:-1])),
        np.tile([-1.2, 1.0], 100),
        iterations=2000,
    )
    assert found.converged
    assert found.value < 1e-8


def test_a_kink_leaves_it_stuck_not_lost():
    found = minimize(Function(lambda x: ops.sum(ops.abs(x)), np.ones(2)), np.array([1.0, 0.3]))
    assert found.reason in (Reason.STUCK, Reason.CONVERGED)
    assert found.value < 0.3
