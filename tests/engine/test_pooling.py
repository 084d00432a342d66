"""Pooling by the largest of each cell: values, shares of equal ones, what is left over, blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import run

from pipeline.engine import Graph, Program, gradient, ops, pooling_kernels
from pipeline.engine.pooling import pool_by_cells, pool_like_by_cells, unpool_by_cells
from pipeline.errors import ShapeError


def slopes(x, cotangent, cell):
    """Return pooled x, and the gradient of the sum of it times `cotangent`."""
    graph = Graph("float64")
    tensor = graph.input("x0", x.shape)
    y = ops.pool(tensor, cell)
    (g,) = gradient(ops.sum(y * cotangent), [tensor])
    found = run(Program(graph, {"y": y, "g": g}), [x])
    return found["y"], found["g"]


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(3, 8), st.integers(3, 8), st.integers(1, 3)),
    st.sampled_from([1, 1 << 19]),
)
def test_kernels_compute_what_the_operations_compute(cell, shape, block):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, shape).astype(float)  # many equal ones
    y = pool_by_cells(x, cell)
    g, other = rng.normal(size=y.shape), rng.normal(size=shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling_kernels, "BLOCK", block)
        graph = Graph("float64")
        tensor, u, v = graph.input("x0", shape), graph.input("x1", y.shape), graph.input("x2", shape)
        pooled = ops.pool(tensor, cell)
        (shares,) = gradient(ops.sum(pooled * u), [tensor])
        (means,) = gradient(ops.sum(shares * v), [u])
        found = run(Program(graph, {"y": pooled, "g": shares, "m": means}), [x, g, other])
    np.testing.assert_array_equal(found["y"], y)
    np.testing.assert_allclose(found["g"], unpool_by_cells(g, x, y, cell), rtol=1e-14)
    np.testing.assert_allclose(found["m"], pool_like_by_cells(other, x, y, cell), rtol=1e-14, atol=1e-15)


def test_the_largest_of_a_cell_takes_its_cotangent_and_the_rest_none():
    x = np.array([[1.0, 4.0], [2.0, 3.0]]).reshape(1, 2, 2, 1)
    y, g = slopes(x, np.full((1, 1, 1, 1), 5.0), (2, 2))
    assert y.item() == 4.0
    assert g.reshape(2, 2).tolist() == [[0.0, 5.0], [0.0, 0.0]]


def test_equal_largest_elements_share_the_cotangent():
    x = np.array([[7.0, 4.0], [2.0, 7.0]]).reshape(1, 2, 2, 1)
    _, g = slopes(x, np.ones((1, 1, 1, 1)), (2, 2))
    assert g.reshape(2, 2).tolist() == [[0.5, 0.0], [0.0, 0.5]]


def test_cells_of_more_elements_than_a_byte_counts_are_counted():
    _, g = slopes(np.zeros((1, 17, 17, 1)), np.ones((1, 1, 1, 1)), (17, 17))
    np.testing.assert_allclose(g, np.full((1, 17, 17, 1), 1 / 289))


def test_rows_and_columns_left_over_have_no_gradient():
    x = np.arange(15.0).reshape(1, 3, 5, 1)
    y, g = slopes(x, np.ones((1, 1, 2, 1)), (2, 2))
    assert y.ravel().tolist() == [6.0, 8.0]
    assert np.flatnonzero(g).tolist() == [6, 8]


def test_a_cell_larger_than_the_images_is_refused():
    with pytest.raises(ShapeError, match=r"cells of \(3, 2\) do not fit into images \(1, 2, 4, 1\)"):
        ops.pool(np.ones((1, 2, 4, 1)), (3, 2))
