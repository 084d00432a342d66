"""The table of vector-Jacobian products: primitive -> cotangents of its operands, written in ops.

A rule gets the cotangent `g` of the result, the operands, the result and the parameters, and returns
one cotangent an operand, of the broadcast shape: `gradients` sums it back to the operand's shape.
None means that no gradient passes.  Rules are traced themselves, so gradients of gradients exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.engine import ops
from pipeline.engine.convolution import convolve_vjp, convolve_weights_vjp
from pipeline.engine.dispatch import apply
from pipeline.engine.graph import Params, Tensor
from pipeline.engine.pooling import pool_like_vjp, pool_vjp, unpool_vjp
from pipeline.engine.scan_vjp import scan_vjp

Rule = Callable[[Any, Sequence[Tensor], Any, Params], Sequence[Any]]


def _unary(derivative: Callable[[Any, Any, Any], Any]) -> Rule:
    """Make the rule of y = f(x) from (g, x, y) -> g·f'(x)."""
    return lambda g, xs, y, params: [derivative(g, xs[0], y)]


def _none(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [None] * len(xs)


def _extreme(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Half the derivative to each of two equal operands."""
    a, b = xs
    share_a = ops.where(ops.equal(a, b), 0.5, ops.cast(ops.equal(a, y), y.dtype))
    return [g * share_a, g * (1.0 - share_a)]


def _power(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    base, exponent = xs
    # log 0 times 0: the derivative to the exponent at base 0 is 0
    logarithm = ops.log(ops.where(base > 0, base, 1.0))
    return [g * exponent * ops.power(base, exponent - 1.0), g * y * logarithm]


def _where(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    zero = ops.zeros_like(g)
    return [None, ops.where(xs[0], g, zero), ops.where(xs[0], zero, g)]


def _matmul(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    a, b = xs
    return [ops.matmul(g, ops.swapaxes(b, -1, -2)), ops.matmul(ops.swapaxes(a, -1, -2), g)]


def _largest(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    hit = ops.cast(ops.equal(xs[0], y), y.dtype)
    return [g * (hit / ops.sum(hit, params["axis"], keepdims=True))]


def _transpose(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    axes = [axis + len(params["axes"]) for axis in params["axes"]]
    return [ops.transpose(g, [axes.index(place) for place in range(len(axes))])]


def _concatenate(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    cotangents, start = [], 0
    for x in xs:
        stop = start + x.shape[params["axis"]]
        key = [slice(None)] * x.ndim
        key[params["axis"]] = slice(start, stop)
        cotangents.append(ops.index(g, tuple(key)))
        start = stop
    return cotangents


def _slice(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [apply("unslice", [g], shape=xs[0].shape, slices=params["slices"])]


def _unslice(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [apply("slice", [g], slices=params["slices"])]


def _take(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [ops.scatter_add(xs[1], g, xs[0].shape[0]), None]


def _scatter_add(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [None, ops.take(g, xs[0])]


def _window_params(params: Params) -> dict[str, Any]:
    return {name: params[name] for name in ("axes", "sizes", "strides")}


def _windows(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [apply("fold", [g], shape=xs[0].shape, **_window_params(params))]


def _fold(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    return [apply("windows", [g], **_window_params(params))]


def _cumsum(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    axis = params["axis"]
    return [ops.flip(ops.cumsum(ops.flip(g, axis), axis), axis)]


VJPS: Mapping[str, Rule] = {
    "negative": _unary(lambda g, x, y: -g),
    "exp": _unary(lambda g, x, y: g * y),
    "expm1": _unary(lambda g, x, y: g * (y + 1.0)),
    "log": _unary(lambda g, x, y: g / x),
    "log1p": _unary(lambda g, x, y: g / (x + 1.0)),
    "sqrt": _unary(lambda g, x, y: g * 0.5 / y),
    "square": _unary(lambda g, x, y: g * (2.0 * x)),
    "reciprocal": _unary(lambda g, x, y: -g * ops.square(y)),
    "abs": _unary(lambda g, x, y: g * ops.sign(x)),
    "sin": _unary(lambda g, x, y: g * ops.cos(x)),
    "cos": _unary(lambda g, x, y: -g * ops.sin(x)),
    "tanh": _unary(lambda g, x, y: g * (1.0 - ops.square(y))),
    "sigmoid": _unary(lambda g, x, y: g * (y * (1.0 - y))),
    "softplus": _unary(lambda g, x, y: g * ops.sigmoid(x)),
    "relu": _unary(lambda g, x, y: apply("gate", [g, y])),
    "erf": _unary(lambda g, x, y: g * (2.0 / math.sqrt(math.pi)) * ops.exp(-ops.square(x))),
    "cast": _unary(lambda g, x, y: ops.cast(g, x.dtype) if x.dtype.kind == "f" else None),
    **dict.fromkeys(
        (
            "sign floor equal not_equal less less_equal greater greater_equal logical_and logical_or "
            "logical_not isfinite argmax argmin stop_gradient"
        ).split(),
        _none,
    ),
    "add": lambda g, xs, y, params: [g, g],
    "subtract": lambda g, xs, y, params: [g, -g],
    "multiply": lambda g, xs, y, params: [g * xs[1], g * xs[0]],
    "divide": lambda g, xs, y, params: [g / xs[1], -g * (y / xs[1])],
    "power": _power,
    "maximum": _extreme,
    "minimum": _extreme,
    "gate": lambda g, xs, y, params: [apply("gate", [g, xs[1]]), None],
    "where": _where,
    "matmul": _matmul,
    "sum": lambda g, xs, y, params: [ops.broadcast_to(g, xs[0].shape)],
    "max": _largest,
    "min": _largest,
    "cumsum": _cumsum,
    "reshape": lambda g, xs, y, params: [ops.reshape(g, xs[0].shape)],
    "transpose": _transpose,
    "broadcast_to": lambda g, xs, y, params: [g],
    "slice": _slice,
    "unslice": _unslice,
    "concatenate": _concatenate,
    "take": _take,
    "scatter_add": _scatter_add,
    "windows": _windows,
    "fold": _fold,
    "convolve": convolve_vjp,
    "convolve_weights": convolve_weights_vjp,
    "pool": pool_vjp,
    "unpool": unpool_vjp,
    "pool_like": pool_like_vjp,
    "scan": scan_vjp,
}
