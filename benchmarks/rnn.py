"""One training step of LSTMs over the rows of images on one core: plait's beside torch, one after another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.networks import CLASSES, SIDE, Model, measured

MEMBERS, BATCH, UNITS = 16, 64, 64
MODEL = Model("model.lstm_reader", {"units": UNITS}, Path(__file__).parent / "lstm_reader.py")


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median seconds of a step of all members, held to be half of torch's."""
    name = f"LSTM of {UNITS} units, {SIDE} steps, {MEMBERS} members, batch {BATCH}"
    return {name: measured(MODEL, MEMBERS, BATCH, 0.5, products(), "torch_lstm", quick)}


def products() -> Callable[[], object]:
    """Return the matrix products of a step and nothing else."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.standard_normal((MEMBERS, *shape), dtype=np.float32)

    x, w, u = array(SIDE * BATCH, SIDE + 1), array(SIDE + 1, 4 * UNITS), array(UNITS, 4 * UNITS)
    z, states = array(SIDE * BATCH, 4 * UNITS), array(SIDE * BATCH, UNITS)
    h, gates, out = array(BATCH, UNITS), array(BATCH, 4 * UNITS), array(UNITS, CLASSES)
    g = array(BATCH, CLASSES)
    forward = partial(np.matmul, h, u, out=array(BATCH, 4 * UNITS))
    backward = partial(np.matmul, gates, u.swapaxes(1, 2), out=array(BATCH, UNITS))
    calls = [
        partial(np.matmul, x, w, out=array(SIDE * BATCH, 4 * UNITS)),
        *[forward] * SIDE,
        *[backward] * SIDE,
        partial(np.matmul, states.swapaxes(1, 2), z, out=array(UNITS, 4 * UNITS)),
        partial(np.matmul, x.swapaxes(1, 2), z, out=array(SIDE + 1, 4 * UNITS)),
        partial(np.matmul, h, out, out=array(BATCH, CLASSES)),
        partial(np.matmul, h.swapaxes(1, 2), g, out=array(UNITS, CLASSES)),
        partial(np.matmul, g, out.swapaxes(1, 2), out=array(BATCH, UNITS)),
    ]
    return lambda: [call() for call in calls]
