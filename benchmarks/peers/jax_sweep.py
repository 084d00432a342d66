"""The reference sweep by JAX: a trial's whole training is a scan, vmapped over trials and compiled by jit."""

from __future__ import annotations

import sys
from itertools import product

import jax
import jax.numpy as jnp

from benchmarks.peers.jax_vmap import Net, one_hot, outputs, start, stepped
from benchmarks.reference import BATCH, DECAYS, EPOCHS, HIDDEN, RATES, SEEDS, TRAIN, data, tell

STEPS = TRAIN // BATCH


def main(path: str) -> None:
    """Train the 64 nets at once and tell the best accuracy."""
    inputs, labels = map(jnp.asarray, data(path))

    def accuracy(seed: jax.Array, rate: jax.Array, decay: jax.Array) -> jax.Array:
        first, *epochs = jax.random.split(jax.random.key(seed), EPOCHS + 1)
        orders = jnp.stack([jax.random.permutation(key, TRAIN) for key in epochs])

        def step(state, rows):
            return stepped(state, rate, inputs[rows], labels[rows], one_hot, decay)

        (_, net, *_), _ = jax.lax.scan(step, start(_net(first)), orders.reshape(EPOCHS * STEPS, BATCH))
        return (outputs(net, inputs[TRAIN:]).argmax(-1) == labels[TRAIN:]).mean()

    # seeds outside, settings inside: a minibatch is gathered once for all nets of its seed
    settings = list(product(RATES, DECAYS))
    rates, decays = map(jnp.asarray, zip(*settings, strict=True))
    sweep = jax.jit(jax.vmap(jax.vmap(accuracy, (None, 0, 0)), (0, None, None)))
    found = sweep(jnp.asarray(SEEDS), rates, decays)
    tell(pair for each in found.tolist() for pair in zip(settings, each, strict=True))


def _net(key: jax.Array) -> Net:
    sizes = [784, HIDDEN, 10]
    return [
        (
            jax.random.normal(each, (wide, narrow)) * jnp.sqrt(2 / wide),
            jnp.zeros(narrow),
        )
        for each, wide, narrow in zip(jax.random.split(key, 2), sizes, sizes[1:], strict=False)
    ]


if __name__ == "__main__":
    main(sys.argv[1])
