"""The random numbers of a step: drawn on the host, or by a kernel of the backend, under the same keys.

On NumPy they are NumPy's own.  On a GPU uniform numbers are the same to the last bit and normal numbers
are others of the same distribution (`pipeline.engine.cuda_random`); nothing is drawn or copied in a step
there but for the keys, those of many steps at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.engine import Backend, Executor
from pipeline.engine.graph import RandomInput
from pipeline.engine.random import fill, key
from pipeline.stages.seeds import Seeds

Array = Any
Draw = Callable[[int], None]  # draws the numbers of a step
STEPS = 256  # steps whose keys are copied to a device together


def draws(executor: Executor, random: RandomInput, name: str, seeds: Seeds) -> Draw:
    """Return what fills the random input `name` of an executor for a step."""
    buffer, backend = executor.inputs[name], executor.backend
    if backend.draw is None:
        return HostDraw(buffer, random, seeds, backend)
    return DeviceDraw(buffer, random, seeds, backend)


class HostDraw:
    """Draws once for each seed and copies to its members."""

    def __init__(self, buffer: Array, random: RandomInput, seeds: Seeds, backend: Backend):
        self._buffer, self._random, self._seeds, self._backend = buffer, random, seeds, backend

    def __call__(self, t: int) -> None:
        node, *path = self._random.key
        for seed, slots in zip(self._seeds.distinct, self._seeds.slots, strict=True):
            target = self._buffer if self._seeds.shared else self._buffer[slots[0]]
            fill(self._random.kind, target, seed, node, "step", t, *path)
            if not self._seeds.shared and len(slots) > 1:
                self._buffer[slots[1:]] = target


class DeviceDraw:
    """Draws for all members in one kernel; keys of a block of steps are copied to the device in one go."""

    def __init__(self, buffer: Array, random: RandomInput, seeds: Seeds, backend: Backend):
        assert backend.draw is not None
        self._key, self._seeds, self._backend = random.key, seeds, backend
        of_member = np.zeros(1, np.int64) if seeds.shared else seeds.of_member
        self._fill = backend.draw(backend.xp, random.kind, buffer, backend.from_host(of_member))
        self._block = -1
        self._keys: Array = None

    def __call__(self, t: int) -> None:
        block, place = divmod(t, STEPS)
        if block != self._block:
            steps = range(block * STEPS, (block + 1) * STEPS)
            self._keys = self._backend.from_host(np.stack([self._keys_of(step) for step in steps]))
            self._block = block
        self._fill(self._keys[place])

    def _keys_of(self, t: int) -> Array:
        node, *path = self._key
        return np.stack([key(seed, node, "step", t, *path) for seed in self._seeds.distinct])
