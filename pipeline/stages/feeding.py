"""What a step is fed with: minibatch rows, gathered examples, noise.

Members of one seed and one data set share their minibatches: gathered once and broadcast.  Otherwise each
member has its own, and what depends on the seed alone is drawn once a seed and copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend, Executor
from pipeline.engine.graph import RandomInput
from pipeline.engine.kernels import Call, Site
from pipeline.engine.random import fill, generator
from pipeline.stages.step import INPUTS, STEP, TARGETS
from pipeline.stages.tables import Tables

Array = Any
Rows = npt.NDArray[np.int64]


class Seeds:
    """The members' seeds: the distinct ones, in order, and the slots of each."""

    def __init__(self, seeds: Sequence[int]):
        self.distinct = list(dict.fromkeys(seeds))
        self.of_member = np.array([self.distinct.index(seed) for seed in seeds], dtype=np.int64)
        self.slots = [np.flatnonzero(self.of_member == i) for i in range(len(self.distinct))]

    @property
    def shared(self) -> bool:
        """Whether all members have one seed."""
        return len(self.distinct) == 1

    def orders(self, node: str, epoch: int, rows: int, shuffle: bool) -> npt.NDArray[np.int64]:
        """Return the order of the training rows in an epoch: (distinct seeds, rows)."""
        if not shuffle:
            return np.tile(np.arange(rows), (len(self.distinct), 1))
        sources = [generator(seed, node, "epoch", epoch, "shuffle") for seed in self.distinct]
        return np.stack([source.permutation(rows) for source in sources])

    def for_members(self, orders: npt.NDArray[np.int64]) -> Rows:
        """Return rows (distinct seeds, batch) as a step takes them: (batch,), or (members, batch)."""
        return orders[0] if self.shared else orders[self.of_member]


class Feed:
    """Fills the buffers of one executor before each step.

    The gather is bound once, so that a step costs a few calls however many rows there are.
    """

    def __init__(
        self,
        executor: Executor,
        randoms: Mapping[str, RandomInput],
        tables: Tables,
        seeds: Seeds,
        shared: bool,
    ):
        self._executor = executor
        self._backend = executor.backend
        self._randoms = {name: random for name, random in randoms.items() if name in executor.inputs}
        self._seeds = seeds
        batch = self._batch(executor, shared)
        self._rows = executor.backend.xp.zeros(batch, dtype=np.int64)
        self._gather = _gather(executor, tables, self._rows, shared)

    def load(self, rows: Rows, t: int) -> None:
        """Gather the examples at `rows` and draw the noise of step `t`."""
        self._backend.xp.copyto(self._rows, self._backend.from_host(rows))
        for call in self._gather:
            call.function(*call.arguments, **call.keywords)
        if STEP in self._executor.inputs:
            self._executor.inputs[STEP].fill(t)
        for name, random in self._randoms.items():
            self._draw(self._executor.inputs[name], random, t)

    def _batch(self, executor: Executor, shared: bool) -> tuple[int, ...]:
        rows = executor.program.graph.inputs[INPUTS].shape[0]
        return (rows,) if shared else (executor.members, rows)

    def _draw(self, buffer: Array, random: RandomInput, t: int) -> None:
        node, *path = random.key
        for seed, slots in zip(self._seeds.distinct, self._seeds.slots, strict=True):
            target = buffer if self._seeds.shared else buffer[slots[0]]
            self._fill(target, random.kind, seed, (node, "step", t, *path))
            if not self._seeds.shared and len(slots) > 1:
                buffer[self._backend.from_host(slots[1:])] = target

    def _fill(self, target: Array, kind: str, seed: int, path: tuple[str | int, ...]) -> None:
        if isinstance(target, np.ndarray):
            fill(kind, target, seed, *path)
            return
        drawn = np.empty(target.shape, dtype=target.dtype)
        fill(kind, drawn, seed, *path)
        self._backend.xp.copyto(target, self._backend.from_host(drawn))


def _gather(executor: Executor, tables: Tables, rows: Array, shared: bool) -> list[Call]:
    """Return the calls that take `rows` of the members' tables into the executor's inputs."""
    calls: list[Call] = []
    for name, column in ((INPUTS, "inputs"), (TARGETS, "targets")):
        if name not in executor.inputs:
            continue
        buffer = executor.inputs[name]
        each = [getattr(table, column) for table in tables.each]
        if len(each) == 1:
            calls += _take(executor.backend, each[0], rows, buffer)
            continue
        for slot, table in enumerate(each):
            calls += _take(executor.backend, table, rows[slot], buffer[slot])
    return calls


def _take(backend: Backend, table: Array, rows: Array, out: Array) -> list[Call]:
    return backend.kernels["take"](
        Site(backend.xp, {}, [table, rows], [out], [False, rows.ndim > 1], _no_scratch)
    )


def _no_scratch(shape: tuple[int, ...], dtype: Any) -> Array:
    raise NotImplementedError("a gather needs no scratch memory")
