import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from pipeline import ops
from pipeline.calculus import sweeps
from pipeline.errors import ShapeError


def loss(x, w, b):
    return ops.mean(ops.square(ops.tanh(x @ w + b)))


def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), rng.normal(size=(1, 3))


def test_nodes_are_computed_forward_and_their_adjoints_are_the_derivatives_of_autograd():
    x, w, b = arrays()
    nodes = sweeps(loss, x, w, b, names=("x", "w", "b"))

    def same(x, w, b):
        return anp.mean(anp.tanh(x @ w + b) ** 2)

    assert float(nodes[-1].value) == pytest.approx(same(x, w, b), rel=1e-12)
    for place, node in enumerate(nodes[:3]):
        np.testing.assert_allclose(node.adjoint, grad(same, place)(x, w, b), rtol=1e-10)


def test_every_node_between_has_its_value_and_its_adjoint():
    x, w, b = arrays()
    nodes = sweeps(loss, x, w, b)
    by_operation = {node.operation: node for node in nodes}
    h = np.tanh(x @ w + b)
    np.testing.assert_allclose(by_operation["matmul"].value, x @ w)
    np.testing.assert_allclose(by_operation["tanh"].value, h)
    np.testing.assert_allclose(by_operation["tanh"].adjoint, 2 * h / h.size)
    np.testing.assert_allclose(by_operation["matmul"].adjoint, 2 * h / h.size * (1 - h**2))
    assert nodes[-1].adjoint == 1.0


def test_operands_come_before_what_takes_them():
    nodes = sweeps(loss, *arrays())
    assert [node.name for node in nodes[:3]] == ["x0", "x1", "x2"]
    assert all(operand < place for place, node in enumerate(nodes) for operand in node.operands)


def test_constants_and_whole_numbers_have_no_adjoint():
    nodes = sweeps(
        lambda x, k: ops.sum(x * np.array([1.0, 2.0])) + 0.0 * ops.sum(ops.cast(k, "float64")),
        np.array([3.0, 4.0]),
        np.array([1, 2]),
    )
    told = {node.operation: node.adjoint for node in nodes}
    assert told["constant"] is None
    assert nodes[1].adjoint is None
    np.testing.assert_array_equal(nodes[0].adjoint, [1.0, 2.0])


def test_a_value_that_is_no_scalar_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2,\); reduce it to a scalar"):
        sweeps(lambda x: x * 2.0, np.ones(2))
