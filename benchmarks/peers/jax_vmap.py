"""Training steps by JAX: one net's whole step written as a function, vmapped over nets, compiled by jit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.ours import Problem

Net = list[tuple[jax.Array, jax.Array]]
Loss = Callable[[jax.Array, jax.Array], jax.Array]


def steppers(problem: Problem) -> dict[str, Callable[[], jax.Array]]:
    """Return a step of all nets for two ways to write the loss; a call returns their losses."""
    return {"labels picked": _stepper(problem, picked), "labels one-hot": _stepper(problem, one_hot)}


def _stepper(problem: Problem, loss: Loss) -> Callable[[], jax.Array]:
    inputs, labels = jnp.asarray(problem.inputs), jnp.asarray(problem.labels)
    batches = cycle([jnp.asarray(rows) for rows in problem.batches])
    rates = jnp.asarray(problem.rates)
    state = jax.vmap(start)([(jnp.asarray(w), jnp.asarray(b)) for w, b in problem.layers])

    def one(state: Any, rate: jax.Array, rows: jax.Array) -> tuple[Any, jax.Array]:
        return stepped(state, rate, inputs[rows], labels[rows], loss)

    compiled = jax.jit(jax.vmap(one), donate_argnums=0)

    def step() -> jax.Array:
        nonlocal state
        state, losses = compiled(state, rates, next(batches))
        return losses.block_until_ready()

    return step


def start(net: Net) -> Any:
    """Return the state of a training that begins: step, net, and Adam's two means."""
    zeros = jax.tree.map(jnp.zeros_like, net)
    return 0, net, zeros, zeros


def stepped(
    state: Any, rate: jax.Array, x: jax.Array, y: jax.Array, loss: Loss, decay: jax.Array | float = 0.0
) -> tuple[Any, jax.Array]:
    """Take a step of Adam on one minibatch; return the new state and the loss before it."""
    t, net, m, v = state
    t = t + 1
    value, gradients = jax.value_and_grad(lambda net: loss(outputs(net, x), y))(net)
    gradients = jax.tree.map(lambda g, w: g + decay * w, gradients, net)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    first, second = 1 - 0.9**t, 1 - 0.999**t
    net = jax.tree.map(lambda w, m, v: w - rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), net, m, v)
    return (t, net, m, v), value


def outputs(net: Net, x: jax.Array) -> jax.Array:
    """Return the logits of a batch."""
    for place, (weights, bias) in enumerate(net):
        x = x @ weights + bias
        x = x if place == len(net) - 1 else jax.nn.relu(x)
    return x


def picked(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the mean cross-entropy, each row's own label picked by its index."""
    log_p = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()


def one_hot(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the mean cross-entropy, labels as rows of zeros and a one."""
    return -(jax.nn.log_softmax(logits) * jax.nn.one_hot(labels, logits.shape[-1])).sum(axis=1).mean()
