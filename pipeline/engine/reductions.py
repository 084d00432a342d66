"""Operations along axes: sums, extremes, norms, the softmax family."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipeline.engine.compensated import compensated as with_errors
from pipeline.engine.dispatch import Value, apply, as_dtype, graph_of, reshape, shape_of, spec_of
from pipeline.engine.elementwise import equal, exp, isfinite, log, sqrt, square, stop_gradient, where
from pipeline.engine.shapes import Axis, axes_of, axis_of


def _reduce(name: str, x: Value, axis: Axis, keepdims: bool) -> Value:
    shape = shape_of(x)
    axes = axes_of(axis, len(shape), name)
    kept = tuple(1 if place - len(shape) in axes else n for place, n in enumerate(shape))
    for first, last in _runs(axes):
        x = _reduce_run(name, x, first, last)
    dropped = tuple(n for place, n in enumerate(shape) if place - len(shape) not in axes)
    return reshape(x, kept if keepdims else dropped)


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
    reduced = apply(name, [reshape(x, merged)], axis=last)
    return reshape(reduced, (*shape[:first], *(1,) * (last - first + 1), *(shape[stop:] if stop else ())))


def _countable(x: Value) -> Value:
    """Return masks as numbers, so that a sum counts."""
    if spec_of(x).dtype.kind != "b":
        return x
    graph = graph_of([x])
    return as_dtype(x, graph.dtype if graph else np.float64)


def sum(x: Value, axis: Axis = None, keepdims: bool = False, compensated: bool = False) -> Value:
    """Return the sum over an axis, several, or all; of a mask, how often it holds.

    A `compensated` sum of floats carries rounding errors along (`compensated`): about twice the digits, for
    some twenty times the work.
    """
    total = _reduce("sum", _countable(x), axis, keepdims)
    if not compensated or spec_of(x).dtype.kind != "f":
        return total
    exact = reshape(with_errors(x, axes_of(axis, len(shape_of(x)), "sum")), shape_of(total))
    # the plain sum has the derivative; its share of the value is 0
    return stop_gradient(exact) + where(isfinite(total), total - stop_gradient(total), 0.0)


def mean(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Return the mean over an axis, several, or all."""
    shape = shape_of(x)
    count = math.prod(shape[one] for one in axes_of(axis, len(shape), "mean"))
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
    return apply("cumsum", [x], axis=axis_of(axis, len(shape_of(x)), "cumsum"))


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
    axes = axes_of(axis, len(shape_of(x)), "logsumexp")
    rank = len(shape_of(x))
    return reshape(total, tuple(n for place, n in enumerate(shape_of(x)) if place - rank not in axes))


def log_softmax(x: Value, axis: int = -1) -> Value:
    """Return log probabilities from logits, without overflow."""
    shifted = x - stop_gradient(max(x, axis, keepdims=True))
    return shifted - log(sum(exp(shifted), axis, keepdims=True))


def softmax(x: Value, axis: int = -1) -> Value:
    """Return probabilities from logits, without overflow."""
    e = exp(x - stop_gradient(max(x, axis, keepdims=True)))
    return e / sum(e, axis, keepdims=True)
