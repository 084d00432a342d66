import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.differential_operators import make_jvp
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ops
from pipeline.calculus import Function
from pipeline.errors import ShapeError

A = np.random.default_rng(1).normal(size=(4, 3))
X = np.array([0.3, -1.2, 0.8])
V = np.array([1.0, 0.5, -2.0])


def scalar(x, o=ops):
    return o.sum(o.tanh(A @ x) ** 2) + o.log(o.sum(o.exp(x))) + x[0] * x[1] * x[2]


def vector(x, o=ops):
    return o.tanh(A @ x) * x[0]


F = Function(scalar, X)


@pytest.fixture
def f():
    return F


def autograd_scalar(x):
    return scalar(x, anp)


def autograd_vector(x):
    return vector(x, anp)


def test_values_and_gradients_are_autograds(f):
    assert f(X) == pytest.approx(autograd_scalar(X), rel=1e-12)
    np.testing.assert_allclose(f.gradient(X), autograd.grad(autograd_scalar)(X), rtol=1e-12)


def test_the_jacobian_and_its_products_are_autograds():
    g, jacobian, u = Function(vector, X), autograd.jacobian(autograd_vector)(X), np.arange(4.0)
    np.testing.assert_allclose(g(X), autograd_vector(X), rtol=1e-12)
    np.testing.assert_allclose(g.jacobian(X), jacobian, rtol=1e-12)
    np.testing.assert_allclose(g.jvp(X, V), make_jvp(autograd_vector)(X)(V)[1], rtol=1e-12)
    np.testing.assert_allclose(g.vjp(X, u), autograd.make_vjp(autograd_vector)(X)[0](u), rtol=1e-12)


def test_the_hessian_and_its_products_are_autograds(f):
    hessian = autograd.hessian(autograd_scalar)(X)
    np.testing.assert_allclose(f.hessian(X), hessian, rtol=1e-9)
    np.testing.assert_allclose(f.hessian_product(X, V), hessian @ V, rtol=1e-9)
    assert f.curvature(X, V) == pytest.approx(V @ hessian @ V, rel=1e-9)


def test_a_directional_derivative_is_that_of_the_function_along_the_line(f):
    assert f.directional(X, V) == pytest.approx(autograd.grad(autograd_scalar)(X) @ V, rel=1e-12)
    h = 1e-6
    assert f.directional(X, V) == pytest.approx((f(X + h * V) - f(X - h * V)) / (2 * h), rel=1e-7)


def test_the_hessian_is_symmetric_and_has_the_shape_of_a_point_twice():
    weights = np.random.default_rng(0).normal(size=(3, 2))
    f = Function(lambda w: ops.sum(ops.tanh(A @ w) ** 3), weights)
    hessian = f.hessian(weights)
    assert hessian.shape == (3, 2, 3, 2)
    np.testing.assert_allclose(hessian, hessian.transpose(2, 3, 0, 1), atol=1e-12)


def test_rows_beyond_one_batched_call_are_in_their_places():
    x = np.linspace(-1, 1, 70)
    f = Function(lambda x: ops.sum(x**4) + x[0] * x[69], x)
    wanted = np.diag(12 * x**2)
    wanted[0, 69] = wanted[69, 0] = 1
    np.testing.assert_allclose(f.hessian(x), wanted, rtol=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda d: np.linalg.norm(d) > 0.1))
def test_curvature_along_a_direction_is_an_average_of_eigenvalues_weighted_by_its_angles(d):
    values, vectors = F.eigen(X)
    unit = np.array(d) / np.linalg.norm(d)
    shares, found = (vectors.T @ unit) ** 2, F.curvature(X, unit)
    assert found == pytest.approx(shares @ values, rel=1e-9, abs=1e-9)
    assert values[0] - 1e-9 <= found <= values[-1] + 1e-9


def test_a_function_of_several_arrays_takes_and_gives_tuples():
    a, b = np.ones((2, 3)), np.arange(3.0)
    f = Function(lambda a, b: ops.sum(a @ ops.reshape(b, (3, 1)) * 2), a, b)
    assert f(a, b) == f.value((a, b)) == 12
    to_a, to_b = f.gradient((a, b))
    np.testing.assert_array_equal(to_a, np.tile(2 * b, (2, 1)))
    np.testing.assert_array_equal(to_b, [4, 4, 4])
    assert f.directional((a, b), (0 * a, [0, 0, 1])) == 4
    assert [part.shape for part in f.jacobian((a, b))] == [(2, 3), (3,)]


def test_a_constant_has_no_slope():
    f = Function(lambda x: 3.0, X)
    assert f(X) == 3
    np.testing.assert_array_equal(f.gradient(X), 0)
    np.testing.assert_array_equal(f.hessian(X), 0)


def test_it_computes_in_the_dtype_asked_for():
    f = Function(scalar, X, dtype="float32")
    assert f.gradient(X).dtype == np.float32
    np.testing.assert_allclose(f.gradient(X), Function(scalar, X).gradient(X), rtol=1e-5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Function(vector, X).gradient(X), r"a gradient is of a scalar, .* shape \(4,\)\n.*ops.sum"),
        (lambda: Function(vector, X).hessian(X), "a Hessian is of a scalar"),
        (lambda: Function(scalar, X)(np.ones(2)), r"the point has shape \(2,\), but .* \(3,\)"),
        (lambda: Function(scalar, X).jvp(X, np.ones(2)), r"the tangent has shape \(2,\)"),
        (lambda: Function(vector, X).vjp(X, np.ones(3)), r"the cotangent has shape \(3,\)"),
        (lambda: Function(lambda a, b: ops.sum(a * b), X, X).hessian((X, X)), "of one array, .* takes 2\n"),
        (lambda: Function(lambda a, b: ops.sum(a * b), X, X).value((X,)), "the point has 1 arrays, .* 2"),
    ],
)
def test_what_does_not_fit_is_said(ask, message):
    with pytest.raises(ShapeError, match=message):
        ask()
