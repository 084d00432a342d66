"""The largest of each cell of an image, cells side by side: the pooling that most networks use.

Images are (batch, height, width, channels), cells (height, width); rows and columns left over are cut
off.  Three primitives are closed under differentiation: `pool`, the largest; `unpool`, which gives each
cell's cotangent to its largest elements in equal shares; and `pool_like`, which takes these shares of
another image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.engine.dispatch import Value, apply, as_dtype, reshape, shape_of, spec_of
from pipeline.engine.elementwise import equal
from pipeline.engine.graph import Params, Shape, Spec, Tensor
from pipeline.engine.primitives import primitive
from pipeline.engine.reductions import max as largest_along
from pipeline.engine.reductions import sum as total
from pipeline.engine.shapes import index, pad
from pipeline.errors import ShapeError

Cell = tuple[int, int]


def pool(x: Value, cell: Sequence[int]) -> Value:
    """Return the largest of each cell of images; equal largest elements share the gradient."""
    return apply("pool", [x], cell=tuple(cell))


def pooled(images: Shape, cell: Cell) -> Shape:
    """Return the shape of pooled images (..., height, width, channels)."""
    *lead, height, width, channels = images
    if height < cell[0] or width < cell[1]:
        raise ShapeError(f"pool: cells of {cell} do not fit into images {images}")
    return (*lead, height // cell[0], width // cell[1], channels)


@primitive("pool")
def _pool(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    return (Spec(pooled(inputs[0].shape, params["cell"]), inputs[0].dtype),)


@primitive("unpool")
def _unpool(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    g, x, largest = inputs
    if not pooled(x.shape, params["cell"]) == g.shape == largest.shape:
        raise ShapeError(f"unpool: {g.shape} is not the pooled form of {x.shape}")
    return (Spec(x.shape, g.dtype),)


@primitive("pool_like")
def _pool_like(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    other, x, largest = inputs
    if other.shape != x.shape:
        raise ShapeError(f"pool_like: images {other.shape} and {x.shape} differ")
    return (Spec(largest.shape, other.dtype),)


def pool_vjp(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Return the cotangent of the images."""
    return [apply("unpool", [g, xs[0], y], **params)]


def unpool_vjp(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Return the cotangent of what was given back to the images; which elements are largest is no slope."""
    return [apply("pool_like", [g, *xs[1:]], **params), None, None]


def pool_like_vjp(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Return the cotangent of the other images."""
    return [apply("unpool", [g, *xs[1:]], **params), None, None]


# What the primitives are, in ops


def pool_by_cells(x: Value, cell: Cell) -> Value:
    """Return the largest of each cell."""
    return largest_along(_cells(x, cell), (2, 4))


def unpool_by_cells(g: Value, x: Value, largest: Value, cell: Cell) -> Value:
    """Return each cell's cotangent in equal shares for its largest elements, zero elsewhere."""
    hits = _hits(x, largest, cell)
    batch, height, down, width, across, channels = shape_of(hits)
    shares = hits * (_as_cells(g) / total(hits, (2, 4), keepdims=True))
    whole = reshape(shares, (batch, height * down, width * across, channels))
    return pad(whole, [(0, n - m) for n, m in zip(shape_of(x), shape_of(whole), strict=True)])


def pool_like_by_cells(other: Value, x: Value, largest: Value, cell: Cell) -> Value:
    """Return the mean of the other images' elements where these images are largest."""
    hits = _hits(x, largest, cell)
    return total(hits * _cells(other, cell), (2, 4)) / total(hits, (2, 4))


def _cells(x: Value, cell: Cell) -> Value:
    """Return images as (batch, rows of cells, height, columns of cells, width, channels)."""
    batch, height, width, channels = pooled(shape_of(x), cell)
    whole = index(x, (slice(None), slice(0, height * cell[0]), slice(0, width * cell[1])))
    return reshape(whole, (batch, height, cell[0], width, cell[1], channels))


def _as_cells(y: Value) -> Value:
    batch, height, width, channels = shape_of(y)
    return reshape(y, (batch, height, 1, width, 1, channels))


def _hits(x: Value, largest: Value, cell: Cell) -> Value:
    return as_dtype(equal(_cells(x, cell), _as_cells(largest)), spec_of(largest).dtype)
