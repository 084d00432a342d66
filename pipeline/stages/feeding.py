"""What a step is fed with: minibatch rows, gathered examples, noise.

Members of one seed and one data set share their minibatches: gathered once and broadcast.  Otherwise each
member has its own, and what depends on the seed alone is drawn once a seed and copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.engine import Backend, Executor
from pipeline.engine.graph import RandomInput
from pipeline.engine.kernels import Call, Site
from pipeline.engine.random import generator
from pipeline.stages.draws import STEPS, draws
from pipeline.stages.seeds import Rows, RowStream, Seeds
from pipeline.stages.step import INPUTS, STEP, TARGETS, UNLABELLED
from pipeline.stages.tables import Tables

Array = Any


class Feed:
    """Fills the buffers of one executor before each step.

    The gather is bound once, so that a step costs a few calls however many rows there are.
    """

    def __init__(
        self,
        node: str,
        executor: Executor,
        randoms: Mapping[str, RandomInput],
        tables: Tables,
        seeds: Seeds,
        stream: RowStream,
        shared: bool,
    ):
        self._executor = executor
        self._stream = stream
        used = {name: random for name, random in randoms.items() if name in executor.inputs}
        self._draws = [draws(executor, random, name, seeds) for name, random in used.items()]
        self._rows = executor.backend.xp.zeros(_batch(executor, INPUTS, shared), dtype=np.int64)
        self._gather = _gather(executor, tables, self._rows)
        self._unlabelled = Unlabelled(node, executor, tables, seeds, shared) if _asks(executor) else None

    def load(self, rows: Rows, t: int) -> None:
        """Gather the examples at `rows` and draw the noise of step `t`."""
        self._stream.put(rows, self._rows)
        _make(self._gather)
        self._begin(t)

    def put(self, inputs: Array, targets: Array, t: int) -> None:
        """Take examples that are given, (members, batch, ...) each, and draw the noise of step `t`."""
        for name, array in ((INPUTS, inputs), (TARGETS, targets)):
            if name in self._executor.inputs:
                buffer = self._executor.inputs[name]
                buffer[...] = self._executor.backend.from_host(np.asarray(array, dtype=buffer.dtype))
        self._begin(t)

    def _begin(self, t: int) -> None:
        if self._unlabelled is not None:
            self._unlabelled.load(t)
        if STEP in self._executor.inputs:
            self._executor.inputs[STEP].fill(t)
        for draw in self._draws:
            draw(t)


class Unlabelled:
    """Fills the minibatch of unlabelled examples: rows of the split drawn at each step, by the seed.

    The rows of a block of steps are brought to the backend together.
    """

    def __init__(self, node: str, executor: Executor, tables: Tables, seeds: Seeds, shared: bool):
        self._path, self._seeds, self._shared = (node, UNLABELLED), seeds, shared
        each: list[Array] = [table.unlabelled for table in tables.each]
        self._count = len(each[0])
        self._backend = executor.backend
        self._rows = self._backend.xp.zeros(_batch(executor, UNLABELLED, shared), dtype=np.int64)
        self._gather = _taken(executor, UNLABELLED, each, self._rows)
        self._block = -1
        self._drawn: Array = None

    def load(self, t: int) -> None:
        """Gather the examples of step `t`."""
        block, place = divmod(t, STEPS)
        if block != self._block:
            steps = range(block * STEPS, (block + 1) * STEPS)
            self._block = block
            self._drawn = self._backend.from_host(np.stack([self._of_step(step) for step in steps]))
        self._backend.xp.copyto(self._rows, self._drawn[place])
        _make(self._gather)

    def _of_step(self, t: int) -> Rows:
        size = self._rows.shape[-1]
        sources = [generator(seed, *self._path, "step", t) for seed in self._seeds.distinct]
        rows = np.stack([source.integers(self._count, size=size) for source in sources])
        return rows[0] if self._shared else rows[self._seeds.of_member]


def _asks(executor: Executor) -> bool:
    return UNLABELLED in executor.inputs


def _batch(executor: Executor, name: str, shared: bool) -> tuple[int, ...]:
    """Return the shape of the row numbers of a minibatch: (batch,) or (members, batch)."""
    rows = executor.program.graph.inputs[name].shape[0]
    return (rows,) if shared else (executor.members, rows)


def _make(calls: Sequence[Call]) -> None:
    for call in calls:
        call.function(*call.arguments, **call.keywords)


def _gather(executor: Executor, tables: Tables, rows: Array) -> list[Call]:
    """Return the calls that take `rows` of the members' tables into the executor's inputs."""
    each = [table.columns for table in tables.each]
    return [
        call
        for name in each[0]
        if name in executor.inputs
        for call in _taken(executor, name, [columns[name] for columns in each], rows)
    ]


def _taken(executor: Executor, name: str, each: Sequence[Array], rows: Array) -> list[Call]:
    """Return the calls that take `rows` of one array, or of one a member, into the input `name`."""
    buffer = executor.inputs[name]
    if len(each) == 1:
        return _take(executor.backend, each[0], rows, buffer)
    pairs = enumerate(each)
    return [call for i, array in pairs for call in _take(executor.backend, array, rows[i], buffer[i])]


def _take(backend: Backend, table: Array, rows: Array, out: Array) -> list[Call]:
    return backend.kernels["take"](
        Site(backend.xp, {}, [table, rows], [out], [False, rows.ndim > 1], _no_scratch)
    )


def _no_scratch(shape: tuple[int, ...], dtype: Any) -> Array:
    raise NotImplementedError("a gather needs no scratch memory")
