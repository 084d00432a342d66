"""Matrix products, and gathers by whole-number indices."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pipeline.engine.dispatch import (
    Value,
    apply,
    as_dtype,
    graph_of,
    lift,
    reshape,
    same_dtype,
    shape_of,
    spec_of,
)
from pipeline.engine.elementwise import equal
from pipeline.engine.shapes import axis_of, broadcast_to, expand_dims, transpose
from pipeline.errors import ShapeError


def matmul(a: Value, b: Value) -> Value:
    """Return the matrix product; vectors and stacks as in NumPy, a stack times one matrix in one product."""
    a, b = same_dtype("matmul", [a, b])
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        raise ShapeError(f"matmul: shapes {left} and {right}: a scalar has no product of matrices, use *")
    if len(left) == 1:
        return _drop(matmul(reshape(a, (1, *left)), b), -1 if len(right) == 1 else -2)
    if len(right) == 1:
        return _drop(matmul(a, reshape(b, (*right, 1))), -1)
    if len(right) == 2 and len(left) > 2:
        flat = matmul(reshape(a, (math.prod(left[:-1]), left[-1])), b)
        return reshape(flat, (*left[:-1], right[-1]))
    rank = max(len(left), len(right))
    return apply(
        "matmul",
        [reshape(a, (1,) * (rank - len(left)) + left), reshape(b, (1,) * (rank - len(right)) + right)],
    )


def _drop(x: Value, axis: int) -> Value:
    shape = list(shape_of(x))
    del shape[axis]
    return reshape(x, tuple(shape))


def take(x: Value, indices: Value, axis: int = 0) -> Value:
    """Return the entries of x at whole-number `indices` along an axis (rows of an embedding, say).

    Indices below 0 or past the end are clipped to the first or last entry: check data beforehand.
    """
    rank = len(shape_of(x))
    place = axis_of(axis, rank, "take") + rank
    if place == 0:
        return apply("take", [x, indices])
    front = transpose(x, [place, *(one for one in range(rank) if one != place)])
    taken = apply("take", [front, indices])
    count = len(shape_of(indices))
    order = [*range(count, count + place), *range(count), *range(count + place, count + rank - 1)]
    return transpose(taken, order)


def scatter_add(indices: Value, updates: Value, rows: int) -> Value:
    """Return zeros of shape (rows, ...) to which `updates` are added at `indices` (the adjoint of `take`)."""
    return apply("scatter_add", [indices, updates], rows=int(rows))


def one_hot(indices: Value, classes: int, dtype: npt.DTypeLike | None = None) -> Value:
    """Return (…, classes): 1 at each index, 0 elsewhere."""
    graph = graph_of([indices])
    hot = equal(expand_dims(indices, -1), np.arange(classes))
    return as_dtype(hot, dtype or (graph.dtype if graph else np.float64))


def arange(count: int) -> npt.NDArray[np.int64]:
    """Return 0, 1, …, count - 1: a constant."""
    return np.arange(count)


def zeros_like(x: Value) -> Value:
    """Return zeros of x's shape and dtype."""
    spec = spec_of(x)
    graph = graph_of([x])
    zero = np.zeros((), spec.dtype)
    return broadcast_to(lift(graph, zero) if graph else zero, spec.shape)
