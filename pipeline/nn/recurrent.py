"""Recurrent layers over sequences (batch, steps, features): plain, LSTM, GRU.

The inputs' products of all steps are one matrix product, made before the recurrence; only the states' are
left inside.  A layer returns its states at all steps (batch, steps, units) and its last state.
`reverse` runs from the last step to the first, `checkpoint` is that of `ops.scan`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.engine import ops
from pipeline.errors import ShapeError
from pipeline.stages.initializers import Array, initializer

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def rnn(
    net: Net,
    x: Value,
    units: int,
    *,
    name: str,
    activation: str = "tanh",
    initial: Value | None = None,
    reverse: bool = False,
    checkpoint: int = 0,
) -> tuple[Value, Value]:
    """Compute h = activation(x·W + h·U + b) at each step (Elman 1990); `initial` is (batch, units)."""
    projected = _projected(net, x, units, 1, name)
    recurrent = _recurrent(net, units, 1, name)
    activate = ops.activation(activation)

    def step(h: Value, z: Value) -> tuple[Value, Value]:
        h = activate(z + h @ recurrent)
        return h, h

    start = _at_rest(projected, units) if initial is None else initial
    last, states = ops.scan(step, start, projected, reverse=reverse, checkpoint=checkpoint)
    return ops.swapaxes(states, 0, 1), last


def lstm(
    net: Net,
    x: Value,
    units: int,
    *,
    name: str,
    forget_bias: float = 1.0,
    peepholes: bool = False,
    initial: tuple[Value, Value] | None = None,
    reverse: bool = False,
    checkpoint: int = 0,
) -> tuple[Value, tuple[Value, Value]]:
    """Run a long short-term memory: c = f·c + i·g, h = o·tanh(c).  Hochreiter & Schmidhuber 1997.

    The gates stand in the order i, f, o, g in `name.input` (features, 4·units), `name.recurrent` and
    `name.bias`.  The bias of the forget gate f begins at `forget_bias` (Gers et al. 2000); `peepholes` let
    i and f see c as it was and o as it is (Gers et al. 2002), by `name.peepholes` (3, units).  The state,
    `initial` as well, is (h, c).
    """

    def bias(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        value = np.zeros(shape)
        value[units : 2 * units] = forget_bias
        return value

    projected = _projected(net, x, units, 4, name, bias)
    recurrent = _recurrent(net, units, 4, name)
    peeps = net.parameter(f"{name}.peepholes", (3, units), "zeros") if peepholes else None

    def step(state: tuple[Value, Value], z: Value) -> tuple[tuple[Value, Value], Value]:
        h, c = state
        own = h @ recurrent
        # gate by gate: whatever follows a product has the form of one gate then, and is one kernel
        gates = [z[:, gate] + own[:, gate] for gate in _columns(4, units)]
        h, c = _remembered(gates, c, peeps)
        return (h, c), h

    start = (_at_rest(projected, units), _at_rest(projected, units)) if initial is None else initial
    last, states = ops.scan(step, start, projected, reverse=reverse, checkpoint=checkpoint)
    return ops.swapaxes(states, 0, 1), last


def _columns(gates: int, units: int) -> list[slice]:
    return [slice(k * units, (k + 1) * units) for k in range(gates)]


def _remembered(gates: Sequence[Value], c: Value, peeps: Value | None) -> tuple[Value, Value]:
    """Return the next h and c."""
    i, f, o, g = gates
    if peeps is not None:
        i, f = i + peeps[0] * c, f + peeps[1] * c
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    if peeps is not None:
        o = o + peeps[2] * c
    return ops.sigmoid(o) * ops.tanh(c), c


def gru(
    net: Net,
    x: Value,
    units: int,
    *,
    name: str,
    initial: Value | None = None,
    reverse: bool = False,
    checkpoint: int = 0,
) -> tuple[Value, Value]:
    """Run gated recurrent units: h = z·h + (1 - z)·n, n = tanh(x·W + r·(h·U + b)).  Cho et al. 2014.

    The gates stand in the order r, z, n in `name.input` (features, 3·units), `name.recurrent` and
    `name.bias`; `name.recurrent_bias` (units,) is the b inside, where the reset gate r acts on it too, so
    that the products of a step are one.
    """
    projected = _projected(net, x, units, 3, name)
    recurrent = _recurrent(net, units, 3, name)
    inside = net.parameter(f"{name}.recurrent_bias", (units,), "zeros", weight=False)

    def step(h: Value, a: Value) -> tuple[Value, Value]:
        own = h @ recurrent
        gates = ops.sigmoid(a[:, : 2 * units] + own[:, : 2 * units])
        r, z = gates[:, :units], gates[:, units:]
        n = ops.tanh(a[:, 2 * units :] + r * (own[:, 2 * units :] + inside))
        h = n + z * (h - n)
        return h, h

    start = _at_rest(projected, units) if initial is None else initial
    last, states = ops.scan(step, start, projected, reverse=reverse, checkpoint=checkpoint)
    return ops.swapaxes(states, 0, 1), last


def _projected(
    net: Net,
    x: Value,
    units: int,
    gates: int,
    name: str,
    bias: str | Callable[..., Array] = "zeros",
) -> Value:
    """Return x·W + b of all steps and gates, (steps, batch, gates·units)."""
    if x.ndim != 3:
        raise ShapeError(
            f"recurrent layer {name!r}: sequences are (batch, steps, features), these are {tuple(x.shape)}"
        )
    batch, steps, features = x.shape
    weights = net.parameter(f"{name}.input", (features, gates * units), _by_gate("glorot", gates))
    offset = net.parameter(f"{name}.bias", (gates * units,), bias, weight=False)
    # the bias as the weight of a feature that is 1: it and its gradient are part of the products
    ones = np.ones((steps * batch, 1), x.dtype)
    rows = ops.concatenate([ops.reshape(ops.swapaxes(x, 0, 1), (steps * batch, features)), ones], 1)
    products = rows @ ops.concatenate([weights, ops.expand_dims(offset, 0)])
    return ops.reshape(products, (steps, batch, gates * units))


def _recurrent(net: Net, units: int, gates: int, name: str) -> Value:
    return net.parameter(f"{name}.recurrent", (units, gates * units), _by_gate("orthogonal", gates))


def _by_gate(init: str, gates: int) -> Callable[[np.random.Generator, tuple[int, ...]], Array]:
    """Return what draws each gate's matrix by itself: they share inputs, not outputs."""
    draw = initializer(init)

    def by_gate(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        own = (*shape[:-1], shape[-1] // gates)
        return np.concatenate([draw(rng, own) for _ in range(gates)], axis=-1)

    return by_gate


def _at_rest(projected: Value, units: int) -> Value:
    """Return the state before the first step: zeros (batch, units)."""
    return np.zeros((projected.shape[1], units), projected.dtype)
