"""The members' seeds, and the order of the training rows that each seed has in an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend
from pipeline.engine.random import generator

Array = Any
Rows = npt.NDArray[np.int64]


class Seeds:
    """The members' seeds: the distinct ones, in order, and the slots of each."""

    def __init__(self, seeds: Sequence[int]):
        self.distinct = list(dict.fromkeys(seeds))
        self.of_member = np.array([self.distinct.index(seed) for seed in seeds], dtype=np.int64)
        self.slots = [np.flatnonzero(self.of_member == i) for i in range(len(self.distinct))]
        self._cut: tuple[Rows, Rows, int] | None = None

    @property
    def shared(self) -> bool:
        """Whether all members have one seed."""
        return len(self.distinct) == 1

    def orders(self, node: str, epoch: int, rows: int, shuffle: bool) -> Rows:
        """Return the order of the training rows in an epoch: (distinct seeds, rows)."""
        if not shuffle:
            return np.tile(np.arange(rows), (len(self.distinct), 1))
        sources = [generator(seed, node, "epoch", epoch, "shuffle") for seed in self.distinct]
        return np.stack([source.permutation(rows) for source in sources])

    def for_members(self, orders: Rows, start: int, stop: int) -> Rows:
        """Return a minibatch of `orders` as a step takes it: (batch,), or (members, batch)."""
        cut = orders[:, start:stop]
        rows = cut[0] if self.shared else cut[self.of_member]
        self._cut = rows, orders, start
        return rows

    def source(self, rows: Rows) -> tuple[Rows, int] | None:
        """Return the orders that a minibatch was cut from last, and where; None for rows from elsewhere."""
        if self._cut is None or rows is not self._cut[0]:
            return None
        return self._cut[1], self._cut[2]


class RowStream:
    """Brings the rows of minibatches to a backend; a device cuts them from an epoch's order there."""

    def __init__(self, seeds: Seeds, backend: Backend):
        self._seeds, self._backend = seeds, backend
        self._of_member = backend.from_host(seeds.of_member)
        self._orders: Rows | None = None
        self._placed: Array = None

    def put(self, rows: Rows, target: Array) -> None:
        """Write rows (batch,) or (members, batch) into `target`; those of all members into each member's."""
        xp = self._backend.xp
        source = None if isinstance(target, np.ndarray) else self._seeds.source(rows)
        if source is None:
            xp.copyto(target, self._backend.from_host(rows))
            return
        orders, start = source
        if orders is not self._orders:  # the one copy of an epoch
            self._orders, self._placed = orders, self._backend.from_host(orders)
        cut = self._placed[:, start : start + rows.shape[-1]]
        if self._seeds.shared:
            xp.copyto(target, cut[0])
        else:
            xp.take(cut, self._of_member, axis=0, out=target)
