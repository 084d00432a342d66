"""A catalogue of small graphs that together use every primitive; each is a function and its arguments.

Engine tests check every one of them: derivatives, second derivatives, members, layouts, backends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.engine import Graph, Program, Tensor, gradient, ops


@dataclass(frozen=True)
class Case:
    """A traced function of float64 arrays."""

    function: Callable[..., Any]
    arguments: tuple[np.ndarray, ...]


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng([7, *shape]).normal(size=shape)


def _other(*shape: int) -> np.ndarray:
    return np.random.default_rng([8, *shape]).normal(size=shape)


def _positive(*shape: int) -> np.ndarray:
    return np.random.default_rng([9, *shape]).uniform(0.5, 2.0, size=shape)


def _unary(name: str) -> Case:
    return Case(getattr(ops, name), (_positive(3, 4),))


def _of_any_sign(name: str) -> Case:
    return Case(getattr(ops, name), (_normal(3, 4),))


def _plain_recurrence(x: Any, h: Any, w: Any, u: Any) -> Any:
    def body(h: Any, x: Any) -> Any:
        h = ops.tanh(x @ w + h @ u)
        return h, h * 2.0

    last, ys = ops.scan(body, h, x)
    return ops.concatenate([ys, ops.expand_dims(last, 0)])


def _gated_recurrence(x: Any, h: Any, w: Any, checkpoint: int = 0, reverse: bool = False) -> Any:
    def body(carry: Any, x: Any) -> Any:
        h, c = carry
        z = ops.concatenate([x, h], -1) @ w
        gates = ops.sigmoid(z[:, :4])
        c = gates[:, :2] * c + gates[:, 2:] * ops.tanh(z[:, 4:])
        return (ops.tanh(c), c), c

    (h, c), ys = ops.scan(body, (h, h * 0.5), x, checkpoint=checkpoint, reverse=reverse)
    return ops.concatenate([ys, ops.expand_dims(h * c, 0)])


def _recurrence_with_bias_and_counter(x: Any, w: Any, b: Any) -> Any:
    def body(carry: Any, x: Any) -> Any:
        h, t = carry
        h = ops.sin(ops.reshape(x, (2, 3)) @ (w * 2.0) + b) * ops.cast(t, x.dtype) + h
        return (h, t + 1), None

    (h, _), _ = ops.scan(body, (b * np.ones((2, 1)), np.array(1)), x)
    return h


def _swapping_recurrence(x: Any, a: Any, b: Any) -> Any:
    def body(carry: Any, x: Any) -> Any:
        p, q = carry
        return (q * x, p), p + x

    (p, q), ys = ops.scan(body, (a, b), x, reverse=True)
    return ops.concatenate([ys, ops.expand_dims(p, 0), ops.expand_dims(q, 0)])


def _nested_recurrence(x: Any, w: Any) -> Any:
    def inner(c: Any, row: Any) -> Any:
        return c * 0.5 + row * w, c

    def outer(c: Any, rows: Any) -> Any:
        last, _ = ops.scan(inner, c, rows)
        return last, last

    return ops.scan(outer, x[0, 0], x)[1]


def _convolution(x: Any, w: Any) -> Any:
    patches = ops.windows(x, (2, 2), axes=(1, 2))
    return ops.reshape(patches, (2 * 3 * 4, 12)) @ w


def _strided_pooling(x: Any) -> Any:
    return ops.max(ops.windows(x, (2, 2), (2, 1)), (-2, -1))


CASES: dict[str, Case] = {
    **{name: _unary(name) for name in "log log1p sqrt reciprocal".split()},
    **{
        name: _of_any_sign(name)
        for name in (
            "exp expm1 square abs sin cos tanh sigmoid softplus relu erf gelu silu elu leaky_relu negative"
        ).split()
    },
    "add": Case(lambda a, b: a + b, (_normal(3, 4), _normal(4))),
    "subtract": Case(lambda a, b: a - b, (_normal(3, 1), _normal(3, 4))),
    "multiply_by_scalar": Case(lambda a, b: a * b, (_normal(3, 4), _normal())),
    "divide": Case(lambda a, b: a / b, (_normal(3, 4), _positive(4))),
    "power": Case(lambda a, b: a**b, (_positive(3, 4), _normal(4))),
    "constant_powers": Case(lambda a: a**3 + a**2 + a**-1.0 + a**0.5 + a**1.7, (_positive(3),)),
    "reflected": Case(lambda a: (2.0 - a) * (1.0 / a) + 3.0**a, (_positive(3),)),
    "extremes": Case(lambda a, b: ops.maximum(a, b) + ops.minimum(a, 2.0 * b), (_normal(3, 4), _other(3, 4))),
    "clip": Case(lambda a: ops.clip(a, -0.5, 0.5) * a, (_normal(3, 4),)),
    "where": Case(lambda a, b: ops.where(a > 0, a * b, b), (_normal(3, 4), _normal(4))),
    "masks": Case(
        lambda a: (
            a * ((a > 0) & (a < 1.0) | ~(a >= -0.5) | (a <= -2.0))
            + ops.where(ops.isfinite(a) & (a != 3.0), a, 0.0)
            + ops.floor(a)
            + ops.sign(a)
        ),
        (_normal(3, 4),),
    ),
    "stop_gradient": Case(lambda a: a * ops.stop_gradient(ops.tanh(a * 0.0 + 0.3)), (_normal(3),)),
    "sum_and_mean": Case(lambda a: ops.sum(a, (0, 2)) * ops.mean(a), (_normal(3, 4, 2),)),
    "sum_of_transposed": Case(lambda a: ops.sum(ops.transpose(a), -1), (_normal(33, 4),)),
    "functions_of_views": Case(
        lambda a: ops.exp(ops.transpose(a)[1:]) + ops.tanh(ops.flip(ops.transpose(a), 0)[1:]),
        (_normal(3, 4),),
    ),
    "compensated_sum": Case(lambda a: ops.sum(a, -1, compensated=True) * a[:, 0], (_normal(3, 5),)),
    "floors": Case(lambda a: ops.sqrt(a, floor=0.1) + ops.log(a, floor=0.2), (_normal(3, 4),)),
    "cross_entropies": Case(
        lambda a, b: ops.cross_entropy(a, ops.sigmoid(b)) + ops.binary_cross_entropy(a, ops.sigmoid(b))[:, 0],
        (_normal(3, 4), _other(3, 4)),
    ),
    "log_sigmoid": _of_any_sign("log_sigmoid"),
    "largest": Case(lambda a: ops.max(a, 1) + ops.min(a, 0)[:3], (_normal(3, 4),)),
    "variance": Case(lambda a: ops.var(a, -1), (_normal(3, 4),)),
    "norm": Case(lambda a: ops.norm(a, axis=0), (_normal(3, 4),)),
    "logsumexp": Case(lambda a: ops.logsumexp(a), (_normal(3, 4),)),
    "log_softmax": Case(lambda a: ops.log_softmax(a), (_normal(3, 4),)),
    "softmax": Case(lambda a: ops.softmax(a, 0), (_normal(3, 4),)),
    "cumsum": Case(lambda a: ops.cumsum(a, 0), (_normal(3, 4),)),
    "matmul": Case(lambda a, b: a @ b, (_normal(3, 4), _normal(4, 5))),
    "matmul_of_stack_and_matrix": Case(lambda a, b: a @ b, (_normal(2, 3, 4), _normal(4, 5))),
    "matmul_of_stacks": Case(lambda a, b: a @ b, (_normal(2, 3, 4), _normal(2, 4, 5))),
    "matmul_of_one_and_stack": Case(lambda a, b: a @ b, (_normal(1, 3, 4), _normal(2, 4, 5))),
    "matmul_of_transposed": Case(
        lambda a, b: ops.transpose(a) @ ops.transpose(b), (_normal(4, 3), _normal(5, 4))
    ),
    "matrix_times_vector": Case(lambda a, b: a @ b, (_normal(3, 4), _normal(4))),
    "inner_product": Case(lambda a, b: a @ b, (_normal(4), _other(4))),
    "reshape_of_transposed": Case(
        lambda a: ops.reshape(ops.transpose(a, (2, 0, 1)), (8, 3)), (_normal(3, 4, 2),)
    ),
    "slices": Case(lambda a: a[1:, ::2] * a[0, None, 1::2], (_normal(3, 4),)),
    "negative_step": Case(lambda a: a[::-1, -1], (_normal(3, 4),)),
    "concatenate": Case(lambda a, b: ops.concatenate([a, b, a], 1), (_normal(3, 4), _normal(3, 2))),
    "concatenate_of_results": Case(
        lambda a, b: ops.concatenate([ops.reshape(a * 2.0, -1), ops.reshape(a @ b, -1)]),
        (_normal(3, 4), _normal(4, 2)),
    ),
    "stack": Case(lambda a, b: ops.stack([a, b], -1), (_normal(3, 4), _other(3, 4))),
    "pad": Case(lambda a: ops.pad(a, [(1, 2), (0, 1)]), (_normal(3, 4),)),
    "flip": Case(lambda a: ops.flip(a, (0, 1)) * a, (_normal(3, 4),)),
    "broadcast": Case(lambda a: ops.broadcast_to(a, (2, 3, 4)) * 2.0, (_normal(3, 1),)),
    "take_rows": Case(lambda a: ops.take(a, np.array([[0, 2], [2, 1]]), 0), (_normal(3, 4),)),
    "take_columns": Case(lambda a: ops.take(a, np.array([[0, 2], [2, 1]]), 1), (_normal(2, 3, 4),)),
    "scatter_add": Case(lambda a: ops.scatter_add(np.array([1, 1, 0]), a, 3), (_normal(3, 4),)),
    "take_by_argmax": Case(lambda a: ops.take(a, ops.argmax(a, 1)), (_normal(5, 4),)),
    "one_hot": Case(lambda a: a * ops.one_hot(ops.argmin(a, 1), 4), (_normal(5, 4),)),
    "windows": Case(lambda a: ops.sum(ops.windows(a, (2, 2), (1, 2)) ** 2, (-1, -2)), (_normal(2, 4, 5),)),
    "convolution": Case(_convolution, (_normal(2, 4, 5, 3), _normal(12, 2))),
    "strided_pooling": Case(_strided_pooling, (_normal(2, 5, 4),)),
    "convolve": Case(
        lambda x, w, b: ops.convolve(x, w, b, pads=((1, 1), (0, 2))),
        (_normal(2, 4, 5, 3), _normal(3, 3, 3, 2), _normal(2)),
    ),
    "convolve_by_strides": Case(
        lambda x, w: ops.convolve(x, w, strides=(2, 3), pads=((0, 1), (1, 1))),
        (_normal(2, 5, 7, 1), _normal(2, 3, 1, 2)),
    ),
    "pool": Case(lambda x: ops.pool(x, (2, 2)), (_normal(2, 5, 4, 3),)),
    "plain_recurrence": Case(
        _plain_recurrence, (_normal(5, 2, 3), _normal(2, 4), _normal(3, 4), 0.5 * _normal(4, 4))
    ),
    "gated_recurrence": Case(_gated_recurrence, (_normal(5, 2, 3), _normal(2, 2), 0.5 * _normal(5, 6))),
    "checkpointed_recurrence": Case(
        lambda x, h, w: _gated_recurrence(x, h, w, checkpoint=1),
        (_normal(5, 2, 3), _normal(2, 2), 0.5 * _normal(5, 6)),
    ),
    "recurrence_in_stretches": Case(
        lambda x, h, w: _gated_recurrence(x, h, w, checkpoint=2, reverse=True),
        (_normal(5, 2, 3), _normal(2, 2), 0.5 * _normal(5, 6)),
    ),
    "recurrence_with_bias_and_counter": Case(
        _recurrence_with_bias_and_counter, (_normal(4, 6), _normal(3, 2), _normal(2))
    ),
    "swapping_recurrence": Case(_swapping_recurrence, (_normal(5, 2), _normal(2), _other(2))),
    "nested_recurrence": Case(_nested_recurrence, (_normal(3, 2, 2), _normal(2))),
}


def trace(case: Case, dtype: str = "float64") -> Program:
    """Trace value, loss, gradient and the gradient of a function of the gradient."""
    graph = Graph(dtype)
    xs = [graph.input(f"x{i}", a.shape, dtype) for i, a in enumerate(case.arguments)]
    y = case.function(*xs)
    loss = ops.sum(ops.sin(y) * 1.3)
    first = gradient(loss, xs)
    curved: Tensor = sum((ops.sum(ops.cos(g)) for g in first), start=graph.constant(0.0))
    second = gradient(curved, xs)
    outputs = {"y": y, "loss": loss, "curved": curved}
    outputs |= {f"g{i}": g for i, g in enumerate(first)} | {f"h{i}": h for i, h in enumerate(second)}
    return Program(graph, outputs)
