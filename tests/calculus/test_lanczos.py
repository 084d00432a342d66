import numpy as np
import pytest
from scipy.sparse.linalg import eigsh

from pipeline import ops
from pipeline.calculus import Function, extremes


def symmetric(size, seed=0):
    a = np.random.default_rng(seed).normal(size=(size, size))
    return a + a.T


@pytest.mark.parametrize("size", [1, 2, 30, 300])
def test_extreme_eigenvalues_are_scipys(size):
    a = symmetric(size)
    found = extremes(lambda v: a @ v, size)
    if size > 2:
        low, high = eigsh(a, k=1, which="SA")[0][0], eigsh(a, k=1, which="LA")[0][0]
    else:
        low, high = np.linalg.eigvalsh(a)[[0, -1]]
    assert found.smallest == pytest.approx(low, rel=1e-9)
    assert found.largest == pytest.approx(high, rel=1e-9)


def test_of_a_network_they_are_those_of_the_hessian_that_is_not_formed():
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(30, 4)), rng.normal(size=(30, 1)), rng.normal(size=45)

    def loss(w):
        hidden = ops.tanh(x @ ops.reshape(w[:32], (4, 8)))
        return ops.mean((hidden @ ops.reshape(w[32:40], (8, 1)) + w[44] - y) ** 2)

    f = Function(loss, w)
    found = extremes(lambda v: f.hessian_product(w, v), 45)
    values = f.eigen(w)[0]
    np.testing.assert_allclose([found.smallest, found.largest], values[[0, -1]], rtol=1e-8)


def test_eigenvectors_belong_to_them():
    a = symmetric(80)
    found = extremes(lambda v: a @ v, 80)
    for value, vector in ((found.smallest, found.lowest), (found.largest, found.highest)):
        assert np.linalg.norm(vector) == pytest.approx(1)
        assert np.linalg.norm(a @ vector - value * vector) <= max(found.errors) + 1e-10


def test_reorthogonalisation_keeps_ghosts_away():
    values = np.array([*np.linspace(1, 2, 59), 1e6])
    found = extremes(lambda v: values * v, 60, tolerance=1e-15)
    assert found.largest == pytest.approx(1e6, rel=1e-12)
    assert found.smallest == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("values", [np.ones(20), np.zeros(20), np.repeat([-1.0, 3.0], 10)])
def test_eigenvalues_that_many_vectors_share_are_found_after_few_products(values):
    found = extremes(lambda v: values * v, 20)
    assert (found.smallest, found.largest) == pytest.approx((values.min(), values.max()), abs=1e-12)
    assert found.products <= 3


def test_fewer_iterations_give_bounds_that_hold():
    a = symmetric(200)
    found = extremes(lambda v: a @ v, 200, iterations=15)
    values = np.linalg.eigvalsh(a)
    assert found.products == 15
    assert max(found.errors) > 1e-3
    assert np.abs(values - found.largest).min() <= found.errors[1]
    assert np.abs(values - found.smallest).min() <= found.errors[0]


@pytest.mark.parametrize(
    ("values", "condition"), [([1.0, 4.0, 9.0], 9.0), ([-9.0, -3.0, -1.5], 6.0), ([-1.0, 1.0], np.inf)]
)
def test_the_condition_number_is_of_definite_matrices(values, condition):
    found = extremes(lambda v: np.array(values) * v, len(values))
    assert found.condition == pytest.approx(condition)


def test_the_start_is_drawn_by_the_seed_alone():
    a = symmetric(50)
    one, same, other = (extremes(lambda v: a @ v, 50, iterations=5, seed=s) for s in (0, 0, 1))
    assert one.largest == same.largest != other.largest
