"""What a step is fed with: minibatch rows, gathered examples, noise.

Members of one seed and one data set share their minibatches: gathered once and broadcast.  Otherwise each
member has its own, and what depends on the seed alone is drawn once a seed and copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.engine import Backend, Executor
from pipeline.engine.graph import RandomInput
from pipeline.engine.kernels import Call, Site
from pipeline.stages.draws import draws
from pipeline.stages.seeds import Rows, RowStream, Seeds
from pipeline.stages.step import INPUTS, STEP, TARGETS
from pipeline.stages.tables import Tables

Array = Any


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
        stream: RowStream,
        shared: bool,
    ):
        self._executor = executor
        self._stream = stream
        used = {name: random for name, random in randoms.items() if name in executor.inputs}
        self._draws = [draws(executor, random, name, seeds) for name, random in used.items()]
        batch = self._batch(executor, shared)
        self._rows = executor.backend.xp.zeros(batch, dtype=np.int64)
        self._gather = _gather(executor, tables, self._rows, shared)

    def load(self, rows: Rows, t: int) -> None:
        """Gather the examples at `rows` and draw the noise of step `t`."""
        self._stream.put(rows, self._rows)
        for call in self._gather:
            call.function(*call.arguments, **call.keywords)
        if STEP in self._executor.inputs:
            self._executor.inputs[STEP].fill(t)
        for draw in self._draws:
            draw(t)

    def _batch(self, executor: Executor, shared: bool) -> tuple[int, ...]:
        rows = executor.program.graph.inputs[INPUTS].shape[0]
        return (rows,) if shared else (executor.members, rows)


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
