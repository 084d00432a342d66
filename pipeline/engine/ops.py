"""The operations that stages are written in: on tensors they trace, on NumPy arrays they compute at once.

Shapes are those of one member.  Axes may be given from either side.  Nothing here looks at values.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.dispatch import (
    Value,
    apply,
    as_dtype,
    common_dtype,
    elementwise,
    graph_of,
    lift,
    same_dtype,
    shape_of,
    spec_of,
)
from pipeline.engine.dispatch import (
    reshape as _reshape,
)
from pipeline.engine.graph import Tensor
from pipeline.engine.scan import scan as scan
from pipeline.errors import OptionError, ShapeError, nearest

Axis = int | Sequence[int] | None

# Elementwise, one operand


def _float(name: str) -> Callable[[Value], Value]:
    def operation(x: Value) -> Value:
        dtype = spec_of(x).dtype
        if dtype.kind != "f":
            graph = graph_of([x])
            x = as_dtype(x, graph.dtype if graph else np.float64)
        return elementwise(name, x)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Return {name} of each element."
    return operation


exp, expm1, log, log1p = _float("exp"), _float("expm1"), _float("log"), _float("log1p")
sqrt, reciprocal, erf = _float("sqrt"), _float("reciprocal"), _float("erf")
sin, cos, tanh = _float("sin"), _float("cos"), _float("tanh")
sigmoid, softplus, isfinite = _float("sigmoid"), _float("softplus"), _float("isfinite")


def negative(x: Value) -> Value:
    """Return -x."""
    return elementwise("negative", x)


def abs(x: Value) -> Value:
    """Return |x|; the derivative at 0 is 0."""
    return elementwise("abs", x)


def sign(x: Value) -> Value:
    """Return -1, 0 or 1; the derivative is 0."""
    return elementwise("sign", x)


def square(x: Value) -> Value:
    """Return x²."""
    return elementwise("square", x)


def floor(x: Value) -> Value:
    """Return the largest whole number not above x; the derivative is 0."""
    return elementwise("floor", x)


def relu(x: Value) -> Value:
    """Return max(x, 0); the derivative at 0 is 0."""
    return elementwise("relu", x)


def leaky_relu(x: Value, slope: Value = 0.01) -> Value:
    """Return x where it is positive, `slope`·x elsewhere (Maas et al. 2013)."""
    return relu(x) - slope * relu(-x)


def elu(x: Value, alpha: Value = 1.0) -> Value:
    """Return x where it is positive, `alpha`·(eˣ - 1) elsewhere (Clevert et al. 2016, arXiv:1511.07289)."""
    return relu(x) + alpha * expm1(-relu(-x))


def gelu(x: Value) -> Value:
    """Return x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016, arXiv:1606.08415)."""
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def silu(x: Value) -> Value:
    """Return x·sigmoid(x) (Elfwing et al. 2018, arXiv:1702.03118)."""
    return x * sigmoid(x)


def identity(x: Value) -> Value:
    """Return x."""
    return x


def logical_not(x: Value) -> Value:
    """Return whether x is false."""
    return elementwise("logical_not", x)


def stop_gradient(x: Value) -> Value:
    """Return x, through which no gradient passes."""
    return apply("stop_gradient", [x])


def cast(x: Value, dtype: npt.DTypeLike) -> Value:
    """Return x in another dtype."""
    return as_dtype(x, dtype)


# Elementwise, several operands


def _binary(name: str, summary: str) -> Callable[[Value, Value], Value]:
    def operation(a: Value, b: Value) -> Value:
        return elementwise(name, a, b)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = summary
    return operation


add = _binary("add", "Return a + b.")
subtract = _binary("subtract", "Return a - b.")
multiply = _binary("multiply", "Return a·b, element by element.")
maximum = _binary(
    "maximum", "Return the larger of a and b; where they are equal each has half the derivative."
)
minimum = _binary(
    "minimum", "Return the smaller of a and b; where they are equal each has half the derivative."
)
equal = _binary("equal", "Return whether a = b.")
not_equal = _binary("not_equal", "Return whether a ≠ b.")
less = _binary("less", "Return whether a < b.")
less_equal = _binary("less_equal", "Return whether a ≤ b.")
greater = _binary("greater", "Return whether a > b.")
greater_equal = _binary("greater_equal", "Return whether a ≥ b.")
logical_and = _binary("logical_and", "Return whether both are true.")
logical_or = _binary("logical_or", "Return whether one is true.")


def divide(a: Value, b: Value) -> Value:
    """Return a / b as a float."""
    dtype = common_dtype("divide", [a, b])
    if dtype.kind != "f":
        graph = graph_of([a, b])
        a = as_dtype(a, graph.dtype if graph else np.float64)
    return elementwise("divide", a, b)


def power(x: Value, exponent: Value) -> Value:
    """Return x to the `exponent`; the constants 0.5, 1, 2, 3 and -1 take their cheap forms."""
    if isinstance(exponent, int | float):
        cheap = _POWERS.get(float(exponent))
        if cheap is not None:
            return cheap(x)
    return elementwise("power", x, exponent)


_POWERS: dict[float, Callable[[Value], Value]] = {
    0.5: sqrt,
    1.0: identity,
    2.0: square,
    3.0: lambda x: square(x) * x,
    -1.0: reciprocal,
}


def where(condition: Value, a: Value, b: Value) -> Value:
    """Return a where `condition` holds, b elsewhere.  Gradients flow to the chosen side only."""
    return elementwise("where", condition, a, b, align=slice(1, 3))


def clip(x: Value, low: Value, high: Value) -> Value:
    """Return x, not below `low` and not above `high`."""
    return minimum(maximum(x, low), high)


# Shape


def _axis(axis: int, rank: int, name: str) -> int:
    if not -rank <= axis < rank:
        raise ShapeError(f"{name}: axis {axis} is outside of a shape of {rank} axes")
    return axis - rank if axis >= 0 else axis


def _axes(axis: Axis, rank: int, name: str) -> list[int]:
    if axis is None:
        return list(range(-rank, 0))
    axes = [axis] if isinstance(axis, int) else list(axis)
    return sorted({_axis(one, rank, name) for one in axes})


def reshape(x: Value, shape: int | Sequence[int]) -> Value:
    """Give x another shape; one length may be -1."""
    wanted = [shape] if isinstance(shape, int) else [int(n) for n in shape]
    if -1 in wanted:
        known = math.prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = math.prod(shape_of(x)) // builtins.max(known, 1)
    return _reshape(x, tuple(wanted))


def flatten(x: Value) -> Value:
    """Give x the shape (batch, everything else)."""
    shape = shape_of(x)
    return _reshape(x, (shape[0], math.prod(shape[1:])))


def transpose(x: Value, axes: Sequence[int] | None = None) -> Value:
    """Permute the axes; without `axes` reverse them."""
    rank = len(shape_of(x))
    order = range(rank - 1, -1, -1) if axes is None else axes
    negative_axes = tuple(_axis(axis, rank, "transpose") for axis in order)
    if sorted(negative_axes) != list(range(-rank, 0)):
        raise ShapeError(f"transpose: axes {tuple(order)} are no permutation of {rank} axes")
    return x if negative_axes == tuple(range(-rank, 0)) else apply("transpose", [x], axes=negative_axes)


def swapaxes(x: Value, a: int, b: int) -> Value:
    """Exchange two axes."""
    rank = len(shape_of(x))
    order = list(range(-rank, 0))
    first, second = _axis(a, rank, "swapaxes"), _axis(b, rank, "swapaxes")
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
    return apply("concatenate", values, axis=_axis(axis, len(shape_of(values[0])), "concatenate"))


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
    for one in _axes(axis, len(shape), "flip"):
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
    used = builtins.sum(key is not None and key is not Ellipsis for key in keys)
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
    places = tuple(_axis(axis, rank, "windows") for axis in axes)
    steps = tuple(strides) if strides is not None else (1,) * len(places)
    return apply("windows", [x], sizes=tuple(sizes), strides=steps, axes=places)


# Reductions


def _reduce(name: str, x: Value, axis: Axis, keepdims: bool) -> Value:
    shape = shape_of(x)
    axes = _axes(axis, len(shape), name)
    kept = tuple(1 if place - len(shape) in axes else n for place, n in enumerate(shape))
    for first, last in _runs(axes):
        x = _reduce_run(name, x, first, last)
    dropped = tuple(n for place, n in enumerate(shape) if place - len(shape) not in axes)
    return _reshape(x, kept if keepdims else dropped)


def _runs(axes: Sequence[int]) -> list[tuple[int, int]]:
    """Return neighbouring axes as (first, last) pairs, the right-most run first."""
    runs: list[tuple[int, int]] = []
    for axis in sorted(axes, reverse=True):
        if runs and runs[-1][0] == axis + 1:
            runs[-1] = (axis, runs[-1][1])
        else:
            runs.append((axis, axis))
    return runs


def _reduce_run(name: str, x: Value, first: int, last: int) -> Value:
    """Reduce neighbouring axes as one: a single NumPy loop, whatever the number of members."""
    shape = shape_of(x)
    stop = last + 1 or None
    merged = (*shape[:first], math.prod(shape[first:stop]), *(shape[stop:] if stop else ()))
    reduced = apply(name, [_reshape(x, merged)], axis=last)
    return _reshape(reduced, (*shape[:first], *(1,) * (last - first + 1), *(shape[stop:] if stop else ())))


def _countable(x: Value) -> Value:
    """Return masks as numbers, so that a sum counts."""
    if spec_of(x).dtype.kind != "b":
        return x
    graph = graph_of([x])
    return as_dtype(x, graph.dtype if graph else np.float64)


def sum(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the sum over an axis, several, or all; of a mask, how often it holds."""
    return _reduce("sum", _countable(x), axis, keepdims)


def mean(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the mean over an axis, several, or all."""
    shape = shape_of(x)
    count = math.prod(shape[one] for one in _axes(axis, len(shape), "mean"))
    return sum(x, axis, keepdims) * (1.0 / count)


def var(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the variance (divided by n) over an axis, several, or all."""
    return mean(square(x - mean(x, axis, keepdims=True)), axis, keepdims)


def max(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the largest element; equal ones share the derivative."""
    return _reduce("max", x, axis, keepdims)


def min(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the smallest element; equal ones share the derivative."""
    return _reduce("min", x, axis, keepdims)


def argmax(x: Value, axis: int = -1, keepdims: bool = False) -> Value:
    """Return where the largest element stands, the first of equal ones."""
    return _reduce("argmax", x, axis, keepdims)


def argmin(x: Value, axis: int = -1, keepdims: bool = False) -> Value:
    """Return where the smallest element stands, the first of equal ones."""
    return _reduce("argmin", x, axis, keepdims)


def cumsum(x: Value, axis: int = -1) -> Value:
    """Return running sums along an axis."""
    return apply("cumsum", [x], axis=_axis(axis, len(shape_of(x)), "cumsum"))


def norm(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the Euclidean norm; its derivative at 0 is 0."""
    total = sum(square(x), axis, keepdims)
    zero = equal(total, 0.0)
    # sqrt'(0) is infinite: the inner where keeps it out of the backward pass
    return where(zero, 0.0, sqrt(where(zero, 1.0, total)))


def logsumexp(x: Value, axis: Axis = -1, keepdims: bool = False) -> Value:
    """Return log Σ eˣ without overflow."""
    peak = stop_gradient(max(x, axis, keepdims=True))
    total = log(sum(exp(x - peak), axis, keepdims=True)) + peak
    if keepdims:
        return total
    axes = _axes(axis, len(shape_of(x)), "logsumexp")
    rank = len(shape_of(x))
    return _reshape(total, tuple(n for place, n in enumerate(shape_of(x)) if place - rank not in axes))


def log_softmax(x: Value, axis: int = -1) -> Value:
    """Return log probabilities from logits, without overflow."""
    shifted = x - stop_gradient(max(x, axis, keepdims=True))
    return shifted - log(sum(exp(shifted), axis, keepdims=True))


def softmax(x: Value, axis: int = -1) -> Value:
    """Return probabilities from logits, without overflow."""
    e = exp(x - stop_gradient(max(x, axis, keepdims=True)))
    return e / sum(e, axis, keepdims=True)


# Products and gathers


def matmul(a: Value, b: Value) -> Value:
    """Return the matrix product; vectors and stacks as in NumPy, a stack times one matrix in one product."""
    a, b = same_dtype("matmul", [a, b])
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        raise ShapeError(f"matmul: shapes {left} and {right}: a scalar has no product of matrices, use *")
    if len(left) == 1:
        return _drop(matmul(_reshape(a, (1, *left)), b), -1 if len(right) == 1 else -2)
    if len(right) == 1:
        return _drop(matmul(a, _reshape(b, (*right, 1))), -1)
    if len(right) == 2 and len(left) > 2:
        flat = matmul(_reshape(a, (math.prod(left[:-1]), left[-1])), b)
        return _reshape(flat, (*left[:-1], right[-1]))
    rank = builtins.max(len(left), len(right))
    return apply(
        "matmul",
        [_reshape(a, (1,) * (rank - len(left)) + left), _reshape(b, (1,) * (rank - len(right)) + right)],
    )


def _drop(x: Value, axis: int) -> Value:
    shape = list(shape_of(x))
    del shape[axis]
    return _reshape(x, tuple(shape))


def take(x: Value, indices: Value, axis: int = 0) -> Value:
    """Return the entries of x at whole-number `indices` along an axis (rows of an embedding, say).

    Indices below 0 or past the end are clipped to the first or last entry: check data beforehand.
    """
    rank = len(shape_of(x))
    place = _axis(axis, rank, "take") + rank
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


ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "elu": elu,
    "gelu": gelu,
    "identity": identity,
    "leaky_relu": leaky_relu,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "tanh": tanh,
}


def activation(name: str) -> Callable[[Value], Value]:
    """Return the activation function called `name`; OptionError lists all that there are."""
    if name not in ACTIVATIONS:
        hint = nearest(name, ACTIVATIONS)
        raise OptionError(
            f"activation {name!r} is not one of {', '.join(sorted(ACTIVATIONS))}. {hint}".strip()
        )
    return ACTIVATIONS[name]


def _attach_operators() -> None:
    """Give tensors Python's operators."""
    reflected = {
        "add": add,
        "sub": subtract,
        "mul": multiply,
        "truediv": divide,
        "pow": power,
        "matmul": matmul,
    }
    for name, operation in reflected.items():
        setattr(Tensor, f"__{name}__", lambda a, b, f=operation: f(a, b))
        setattr(Tensor, f"__r{name}__", lambda a, b, f=operation: f(b, a))
    comparisons = {
        "lt": less,
        "le": less_equal,
        "gt": greater,
        "ge": greater_equal,
        "eq": equal,
        "ne": not_equal,
    }
    for name, operation in {**comparisons, "and": logical_and, "or": logical_or}.items():
        setattr(Tensor, f"__{name}__", lambda a, b, f=operation: f(a, b))
    for name, unary in {"neg": negative, "abs": abs, "invert": logical_not}.items():
        setattr(Tensor, f"__{name}__", lambda a, f=unary: f(a))
    setattr(Tensor, "__getitem__", index)  # noqa: B010 (a declared operator is replaced)


_attach_operators()
