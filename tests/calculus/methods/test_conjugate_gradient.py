import numpy as np
import pytest
from scipy.sparse.linalg import cg

from pipeline import ops
from pipeline.calculus import Function, minimize, solve
from pipeline.calculus.requests import Reason


def test_a_linear_system_is_solved_as_scipy_does(quadratic):
    f = quadratic(np.geomspace(1, 100, 30))
    a, b = f.hessian(np.zeros(30)), np.arange(30.0)
    found = solve(lambda v: a @ v, b, tolerance=1e-10)
    np.testing.assert_allclose(found, np.linalg.solve(a, b), rtol=1e-8)
    steps = []
    cg(a, b, rtol=1e-10, callback=steps.append)
    products = []
    solve(lambda v: products.append(1) or a @ v, b, tolerance=1e-10)
    assert abs(len(products) - len(steps)) <= 1


def test_there_are_as_many_steps_as_distinct_eigenvalues(quadratic):
    f = quadratic([1.0] * 10 + [7.0] * 10 + [40.0] * 10)
    found = minimize(f, np.ones(30), "linear_conjugate_gradient", tolerance=1e-9)
    assert (found.iterations, found.reason) == (3, Reason.CONVERGED)
    nonlinear = minimize(f, np.ones(30), "conjugate_gradient", tolerance=1e-6)
    assert nonlinear.iterations <= 9
    np.testing.assert_allclose(nonlinear.x, found.x, atol=1e-5)


def test_a_parabola_that_bends_downwards_has_no_minimum():
    f = Function(lambda x: -ops.sum(x * x), np.ones(2))
    assert minimize(f, np.ones(2), "linear_conjugate_gradient").reason is Reason.UNBOUNDED


def test_it_starts_anew_along_the_gradient_where_a_direction_leads_up():
    f = Function(lambda x: ops.sum(ops.sin(3 * x) + 0.1 * x * x), np.ones(4))
    found = minimize(f, np.array([1.0, -2.0, 3.0, 0.4]), "conjugate_gradient")
    assert found.converged
    assert (np.diff(found.values) < 0).all()


def test_the_solution_for_nothing_is_nothing():
    np.testing.assert_array_equal(solve(lambda v: v, np.zeros(3)), 0)
    assert solve(lambda v: 2 * v, np.ones(3), iterations=1) == pytest.approx(0.5)
