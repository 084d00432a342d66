"""Operations that move elements and compute nothing: reshapes, slices, joins, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.engine.dispatch import Value, apply, same_dtype, shape_of
from pipeline.engine.dispatch import reshape as _reshape
from pipeline.errors import ShapeError

Axis = int | Sequence[int] | None


def axis_of(axis: int, rank: int, name: str) -> int:
    """Return an axis counted from the right; ShapeError if there is none."""
    if not -rank <= axis < rank:
        raise ShapeError(f"{name}: axis {axis} is outside of a shape of {rank} axes")
    return axis - rank if axis >= 0 else axis


def axes_of(axis: Axis, rank: int, name: str) -> list[int]:
    """Return axes counted from the right, sorted; all for None."""
    if axis is None:
        return list(range(-rank, 0))
    axes = [axis] if isinstance(axis, int) else list(axis)
    return sorted({axis_of(one, rank, name) for one in axes})


def reshape(x: Value, shape: int | Sequence[int]) -> Value:
    """Give x another shape; one length may be -1."""
    wanted = [shape] if isinstance(shape, int) else [int(n) for n in shape]
    if -1 in wanted:
        known = math.prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = math.prod(shape_of(x)) // max(known, 1)
    return _reshape(x, tuple(wanted))


def flatten(x: Value) -> Value:
    """Give x the shape (batch, everything else)."""
    shape = shape_of(x)
    return _reshape(x, (shape[0], math.prod(shape[1:])))


def transpose(x: Value, axes: Sequence[int] | None = None) -> Value:
    """Permute the axes; without `axes` reverse them."""
    rank = len(shape_of(x))
    order = range(rank - 1, -1, -1) if axes is None else axes
    negative_axes = tuple(axis_of(axis, rank, "transpose") for axis in order)
    if sorted(negative_axes) != list(range(-rank, 0)):
        raise ShapeError(f"transpose: axes {tuple(order)} are no permutation of {rank} axes")
    return x if negative_axes == tuple(range(-rank, 0)) else apply("transpose", [x], axes=negative_axes)


def swapaxes(x: Value, a: int, b: int) -> Value:
    """Exchange two axes."""
    rank = len(shape_of(x))
    order = list(range(-rank, 0))
    first, second = axis_of(a, rank, "swapaxes"), axis_of(b, rank, "swapaxes")
    order[first], order[second] = order[second], order[first]
    return transpose(x, order)


def expand_dims(x: Value, axis: int) -> Value:
    """Insert an axis of 1 before `axis` (or as the last for -1)."""
    shape = list(shape_of(x))
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return _reshape(x, tuple(shape))


def squeeze(x: Value, axis: int) -> Value:
    """Drop an axis of 1."""
    shape = list(shape_of(x))
    if shape.pop(axis) != 1:
        raise ShapeError(f"squeeze: axis {axis} of shape {shape_of(x)} is not 1")
    return _reshape(x, tuple(shape))


def broadcast_to(x: Value, shape: Sequence[int]) -> Value:
    """Stretch axes of 1, and new ones at the left, to `shape`."""
    wanted = tuple(int(n) for n in shape)
    padded = _reshape(x, (1,) * (len(wanted) - len(shape_of(x))) + shape_of(x))
    return padded if shape_of(padded) == wanted else apply("broadcast_to", [padded], shape=wanted)


def concatenate(values: Sequence[Value], axis: int = 0) -> Value:
    """Join along an axis that exists."""
    if len(values) == 1:
        return values[0]
    values = same_dtype("concatenate", values)
    return apply("concatenate", values, axis=axis_of(axis, len(shape_of(values[0])), "concatenate"))


def stack(values: Sequence[Value], axis: int = 0) -> Value:
    """Join along a new axis."""
    rank = len(shape_of(values[0])) + 1
    place = axis if axis >= 0 else axis + rank
    return concatenate([expand_dims(value, place) for value in values], place)


def pad(x: Value, widths: Sequence[tuple[int, int]]) -> Value:
    """Surround x with zeros: one (before, after) pair an axis."""
    shape = shape_of(x)
    if len(widths) != len(shape):
        raise ShapeError(f"pad: {len(widths)} pairs for the {len(shape)} axes of {shape}")
    if not any(before or after for before, after in widths):
        return x
    whole = tuple(n + before + after for n, (before, after) in zip(shape, widths, strict=True))
    slices = tuple((before, n, 1) for n, (before, _) in zip(shape, widths, strict=True))
    return apply("unslice", [x], shape=whole, slices=slices)


def flip(x: Value, axis: Axis) -> Value:
    """Reverse the order along an axis or several."""
    shape = shape_of(x)
    slices = [(0, n, 1) for n in shape]
    for one in axes_of(axis, len(shape), "flip"):
        slices[one] = (shape[one] - 1, shape[one], -1)
    return apply("slice", [x], slices=tuple(slices))


def index(x: Value, key: Any) -> Value:
    """Return x[key] for whole numbers, slices, None and Ellipsis; use `take` for index arrays."""
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = _fill_ellipsis(keys, len(shape_of(x)))
    slices, shape, axis = [], [], 0
    for one in keys:
        if one is None:
            shape.append(1)
            continue
        start, count, step = _cut(one, shape_of(x)[axis])
        slices.append((start, count, step))
        axis += 1
        if isinstance(one, slice):
            shape.append(count)
    whole = tuple((0, n, 1) for n in shape_of(x))
    cut = x if tuple(slices) == whole else apply("slice", [x], slices=tuple(slices))
    return _reshape(cut, tuple(shape))


def _fill_ellipsis(keys: list[Any], rank: int) -> list[Any]:
    used = sum(key is not None and key is not Ellipsis for key in keys)
    if used > rank:
        raise ShapeError(f"index: {used} indices for {rank} axes")
    fill = [slice(None)] * (rank - used)
    for place, key in enumerate(keys):
        if key is Ellipsis:
            return keys[:place] + fill + keys[place + 1 :]
    return keys + fill


def _cut(key: Any, length: int) -> tuple[int, int, int]:
    if isinstance(key, slice):
        indices = range(*key.indices(length))
        return (indices.start, len(indices), indices.step)
    if isinstance(key, int | np.integer):
        place = int(key)
        if not -length <= place < length:
            raise ShapeError(f"index: {place} is outside of an axis of {length}")
        return (place % length, 1, 1)
    raise TypeError(f"index: {type(key).__name__} cannot index a tensor; use ops.take for index arrays")


def windows(
    x: Value,
    sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    axes: Sequence[int] = (-2, -1),
) -> Value:
    """Return sliding windows: `axes` count the windows, new last axes hold their elements (a view)."""
    rank = len(shape_of(x))
    places = tuple(axis_of(axis, rank, "windows") for axis in axes)
    steps = tuple(strides) if strides is not None else (1,) * len(places)
    return apply("windows", [x], sizes=tuple(sizes), strides=steps, axes=places)
