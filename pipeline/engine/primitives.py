"""The table of primitives: name, shape rule, role.  Kernels and VJPs are tables beside it, one line each.

Axes are counted from the right (negative) everywhere, so a leading member axis changes nothing.
Reductions keep their axis as 1; `pipeline.engine.ops` drops it where a caller wants it dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pipeline.engine.graph import Params, Primitive, Shape, Spec
from pipeline.errors import ShapeError

PRIMITIVES: dict[str, Primitive] = {}

BOOL = np.dtype("bool")
INT = np.dtype("int64")
Infer = Callable[[Sequence[Spec], Params], tuple[Spec, ...]]


def primitive(name: str, role: str = "compute") -> Callable[[Infer], Infer]:
    """Register the decorated shape rule as the primitive `name`."""

    def register(infer: Infer) -> Infer:
        PRIMITIVES[name] = Primitive(name, infer, role)
        return infer

    return register


def broadcast(name: str, shapes: Sequence[Shape]) -> Shape:
    """Return the common shape of equal-rank shapes, where 1 stretches."""
    result = []
    for lengths in zip(*shapes, strict=True):
        wide = {n for n in lengths if n != 1}
        if len(wide) > 1:
            raise ShapeError(f"{name}: shapes {' and '.join(map(str, shapes))} do not broadcast")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def _same_dtype(inputs: Sequence[Spec], params: Params, name: str) -> tuple[Spec, ...]:
    return (Spec(broadcast(name, [spec.shape for spec in inputs]), inputs[-1].dtype),)


def _boolean(inputs: Sequence[Spec], params: Params, name: str) -> tuple[Spec, ...]:
    return (Spec(broadcast(name, [spec.shape for spec in inputs]), BOOL),)


def _register_elementwise(names: str, infer: Callable[..., tuple[Spec, ...]]) -> None:
    for name in names.split():
        primitive(name, "elementwise")(lambda inputs, params, name=name: infer(inputs, params, name))  # type: ignore[misc]


_register_elementwise(
    "negative exp expm1 log log1p sqrt square reciprocal abs sign sin cos tanh "
    "sigmoid softplus relu erf floor",
    _same_dtype,
)
_register_elementwise("add subtract multiply divide power maximum minimum gate where", _same_dtype)
_register_elementwise("equal not_equal less less_equal greater greater_equal", _boolean)
_register_elementwise("logical_and logical_or logical_not isfinite", _boolean)


@primitive("cast", "elementwise")
def _cast(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    return (Spec(inputs[0].shape, np.dtype(params["dtype"])),)


def _reduced(spec: Spec, axis: int, name: str) -> Shape:
    if not -len(spec.shape) <= axis < 0:
        raise ShapeError(f"{name}: axis {axis} is outside of shape {spec.shape}")
    shape = list(spec.shape)
    if shape[axis] == 0:
        raise ShapeError(f"{name}: axis {axis} of shape {spec.shape} is empty")
    shape[axis] = 1
    return tuple(shape)


def _register_reductions(names: str, dtype: np.dtype[Any] | None) -> None:
    for name in names.split():
        primitive(name)(
            lambda inputs, params, name=name: (  # type: ignore[misc]
                Spec(_reduced(inputs[0], params["axis"], name), dtype or inputs[0].dtype),
            )
        )


_register_reductions("sum max min", None)
_register_reductions("argmax argmin", INT)


@primitive("cumsum")
def _cumsum(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    _reduced(inputs[0], params["axis"], "cumsum")
    return (inputs[0],)


@primitive("matmul")
def _matmul(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    a, b = (spec.shape for spec in inputs)
    if len(a) != len(b) or len(a) < 2 or a[-1] != b[-2]:
        raise ShapeError(
            f"matmul: shapes {a} and {b} do not fit: the last axis of one is the rows of the other"
        )
    return (Spec((*broadcast("matmul", [a[:-2], b[:-2]]), a[-2], b[-1]), inputs[0].dtype),)


@primitive("reshape", "view")
def _reshape(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    shape = params["shape"]
    if np.prod(shape, dtype=np.int64) != np.prod(inputs[0].shape, dtype=np.int64):
        raise ShapeError(f"reshape: {inputs[0].shape} does not hold the elements of {shape}")
    return (Spec(shape, inputs[0].dtype),)


@primitive("transpose", "view")
def _transpose(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    return (Spec(tuple(inputs[0].shape[axis] for axis in params["axes"]), inputs[0].dtype),)


@primitive("broadcast_to", "view")
def _broadcast_to(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    shape = params["shape"]
    if len(shape) != len(inputs[0].shape) or broadcast("broadcast_to", [inputs[0].shape, shape]) != shape:
        raise ShapeError(f"broadcast_to: {inputs[0].shape} does not stretch to {shape}")
    return (Spec(shape, inputs[0].dtype),)


@primitive("stop_gradient", "view")
def _stop_gradient(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    return (inputs[0],)


def sliced(shape: Shape, slices: Sequence[tuple[int, int, int]]) -> Shape:
    """Return the shape of `shape` cut by (start, count, step) triples, one an axis."""
    return tuple(count for _, count, _ in slices)


@primitive("slice", "view")
def _slice(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    return (Spec(sliced(inputs[0].shape, params["slices"]), inputs[0].dtype),)


@primitive("unslice")
def _unslice(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    if inputs[0].shape != sliced(params["shape"], params["slices"]):
        raise ShapeError(f"unslice: {inputs[0].shape} is not the shape of the slices {params['slices']}")
    return (Spec(params["shape"], inputs[0].dtype),)


@primitive("concatenate")
def _concatenate(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    axis = params["axis"]
    shapes = [list(spec.shape) for spec in inputs]
    total = sum(shape[axis] for shape in shapes)
    for shape in shapes:
        shape[axis] = total
    if any(shape != shapes[0] for shape in shapes):
        raise ShapeError(f"concatenate: {[spec.shape for spec in inputs]} differ outside of axis {axis}")
    return (Spec(tuple(shapes[0]), inputs[0].dtype),)


@primitive("take")
def _take(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    table, indices = inputs
    if indices.dtype.kind not in "iu":
        raise ShapeError(f"take: indices are {indices.dtype}, they must be integers")
    return (Spec((*indices.shape, *table.shape[1:]), table.dtype),)


@primitive("scatter_add")
def _scatter_add(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    indices, updates = inputs
    rank = len(indices.shape)
    if updates.shape[:rank] != indices.shape:
        raise ShapeError(
            f"scatter_add: updates {updates.shape} do not begin with the indices' {indices.shape}"
        )
    return (Spec((params["rows"], *updates.shape[rank:]), updates.dtype),)


def window_counts(shape: Shape, params: Params) -> list[int]:
    """Return how many windows fit along each axis of `params`; at least one, or ShapeError."""
    counts = []
    for axis, size, stride in zip(params["axes"], params["sizes"], params["strides"], strict=True):
        count = (shape[axis] - size) // stride + 1
        if count < 1:
            raise ShapeError(f"windows: a window of {size} does not fit into axis {axis} of {shape}")
        counts.append(count)
    return counts


@primitive("windows", "view")
def _windows(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    shape = list(inputs[0].shape)
    for axis, count in zip(params["axes"], window_counts(inputs[0].shape, params), strict=True):
        shape[axis] = count
    return (Spec((*shape, *params["sizes"]), inputs[0].dtype),)


@primitive("fold")
def _fold(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    whole = Spec(params["shape"], inputs[0].dtype)
    if _windows([whole], params)[0].shape != inputs[0].shape:
        raise ShapeError(f"fold: {inputs[0].shape} are not the windows of {params['shape']}")
    return (whole,)
