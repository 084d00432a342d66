import numpy as np

from pipeline import ops
from pipeline.calculus import Function, minimize
from pipeline.calculus.driver import Driver
from pipeline.calculus.methods import gauss_newton, newton_cg
from pipeline.calculus.requests import Curve, Gauss, Matrix


def residuals(x):
    return ops.concatenate([10 * (x[1:] - ops.square(x[:-1])), 1 - x[:-1]])


def asked(function, method, start):
    """Return the kinds of request that a method makes on its way."""
    driver, kinds = Driver(function.surface(), method, [start]), set()
    answer = driver.surface.answer
    driver.surface.answer = lambda requests: kinds.update(map(type, requests.values())) or answer(requests)
    for _ in range(50):
        driver.advance()
    return kinds


def test_no_hessian_is_formed(quadratic):
    kinds = asked(quadratic([1.0, 2.0]), newton_cg, np.ones(2))
    assert Curve in kinds
    assert Matrix not in kinds


def test_on_a_quadratic_it_takes_as_many_products_as_there_are_eigenvalues(quadratic):
    values = np.repeat([1.0, 5.0, 25.0], 10)
    f = quadratic(values)
    found = minimize(f, np.ones(30), "newton_cg", tolerance=1e-9)
    assert found.converged
    assert found.evaluations <= found.iterations * (3 + 1) + 1


def test_it_goes_on_past_a_saddle():
    f = Function(lambda x: x[0] * x[0] - x[1] * x[1] + 0.5 * x[1] ** 4, np.zeros(2))
    np.testing.assert_allclose(minimize(f, np.array([0.5, 0.1]), "newton_cg").x, [0, 1], atol=1e-5)


def test_gauss_newton_solves_least_squares_without_the_hessian():
    start = np.array([-1.2, 1.0, -1.2, 1.0])
    f = Function(lambda r: ops.sum(r * r), start, through=residuals)
    found = minimize(f, start, "gauss_newton", tolerance=1e-8)
    np.testing.assert_allclose(found.x, 1, atol=1e-7)
    kinds = asked(f, gauss_newton, start)
    assert Gauss in kinds
    assert not kinds & {Curve, Matrix}


def test_gauss_newton_takes_one_step_where_the_outputs_are_linear(quadratic):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 4)), rng.normal(size=20)
    f = Function(lambda z: ops.sum((z - b) ** 2), np.zeros(4), through=lambda x: a @ x)
    found = minimize(f, np.zeros(4), "gauss_newton", iterations=50, tolerance=1e-8)
    np.testing.assert_allclose(found.x, np.linalg.lstsq(a, b, rcond=None)[0], atol=1e-8)


def test_gauss_newton_fits_a_classifier_too(logistic):
    found = minimize(logistic.function, logistic.start, "gauss_newton", tolerance=1e-3)
    assert found.converged
    assert found.value < 0.05
