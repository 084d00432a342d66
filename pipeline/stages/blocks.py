"""A cohort in training, a block of members at a time, so that what a block owns stays in the caches.

Steps are queued and taken when somebody looks: block after block, each takes all queued steps before the
next begins.  Members never meet in a step, so blocks change no bit; they decide only how far from the
core a member's weights lie.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend
from pipeline.engine.caches import close_memory, memory_share
from pipeline.stages.checkpoint import Stepped
from pipeline.stages.cohort import Member
from pipeline.stages.diagnosing import Diagnosis
from pipeline.stages.parts import Parts
from pipeline.stages.seeds import Rows, Seeds
from pipeline.stages.step import Rule, StepTracer
from pipeline.stages.tables import Tables
from pipeline.stages.training import Traces, Training

Array = Any
COPIES = 6  # of its parameters that a step works on: weights, gradient, two moments, two intermediate results
QUEUE = 4096  # steps at most, so that the queue of an endless epoch stays small


def block_width(bytes_each: int, members: int, backend: str = "numpy") -> int:
    """Return how many members of `bytes_each` (what a member's step owns) should step together.

    All of them on a GPU, where width is what keeps it busy; on a CPU as many as its caches hold.
    """
    if backend != "numpy":
        return members
    return int(np.clip(close_memory() // max(1, bytes_each), 1, members))


def widest(bytes_each: int, backend: str = "numpy") -> int:
    """Return how many members of `bytes_each` a process's share of the memory holds, at least one."""
    return sys.maxsize if backend != "numpy" else max(1, memory_share() // max(1, bytes_each))


def in_blocks(
    node: str, parts: Parts, tracer: StepTracer, members: Sequence[Member], tables: Tables, backend: Backend
) -> Training | Blocks:
    """Return the training of a cohort: in one block where the caches hold it, or else in several."""
    width = block_width(step_bytes(tracer.layout.size, tracer.dtype), len(members), backend.name)
    if width >= len(members):
        return Training(node, parts, tracer, members, tables, backend)
    return Blocks(node, parts, tracer, members, tables, backend, width)


def step_bytes(parameters: int, dtype: npt.DTypeLike) -> int:
    """Return roughly what a member's step owns: weights, gradient, moments, what they are made of."""
    return COPIES * parameters * np.dtype(dtype).itemsize


class Blocks:
    """The members of a cohort, in blocks of at most `width`, as one `Training`."""

    def __init__(
        self,
        node: str,
        parts: Parts,
        tracer: StepTracer,
        members: Sequence[Member],
        tables: Tables,
        backend: Backend,
        width: int,
    ):
        self.backend, self.dtype, self._parts = backend, tracer.dtype, parts
        traces = Traces(len(members))
        self._blocks = [
            Training(node, parts, tracer, *part, backend, traces) for part in _cut(members, tables, width)
        ]
        self._queue: list[tuple[Rows, int]] = []
        self._admit(tables)

    def _admit(self, tables: Tables) -> None:
        self.tables = tables
        self._weights: Array = None
        self.members = tuple(member for block in self._blocks for member in block.members)
        self.seeds = Seeds([member.seed for member in self.members])
        self.values = self._parts.option_values(self.members, self.dtype)
        ends = list(accumulate(len(block.members) for block in self._blocks))
        self._places = [slice(end - len(b.members), end) for end, b in zip(ends, self._blocks, strict=True)]

    def keep(self, slots: Sequence[int]) -> None:
        """Let only the members in `slots` go on, in that order, which must be theirs."""
        self._flush()
        staying = []
        for block, place in zip(self._blocks, self._places, strict=True):
            own = [slot - place.start for slot in slots if place.start <= slot < place.stop]
            if own:
                if len(own) < len(block.members):
                    block.keep(own)
                staying.append(block)
        self._blocks = staying
        self._admit(self.tables.keep(slots))

    def pace(self, rates: Sequence[float]) -> None:
        """Multiply the optimizer's option `lr` by `rates` (members,) from now on."""
        self._flush()
        for block, place in zip(self._blocks, self._places, strict=True):
            block.pace(rates[place])

    def step(self, rows: Rows, steps: int) -> None:
        """Queue a step on training rows (batch,) or (members, batch), in a training of `steps` steps."""
        self._queue.append((rows, steps))
        if len(self._queue) >= QUEUE:
            self._flush()

    def step_on(self, inputs: Array, targets: Array, steps: int) -> None:
        """Step on examples that are given, (members, batch, ...) each, in a training of `steps` steps."""
        self._flush()
        self._weights = None
        for block, place in zip(self._blocks, self._places, strict=True):
            block.step_on(inputs[place], targets[place], steps)

    def _flush(self) -> None:
        queue, self._queue = self._queue, []
        if queue:
            self._weights = None
            for block, place in zip(self._blocks, self._places, strict=True):
                for rows, steps in queue:
                    block.step(_own(rows, block, place), steps)

    def clear_losses(self) -> None:
        """Begin a new mean of the training loss."""
        self._flush()
        for block in self._blocks:
            block.clear_losses()

    def mean_losses(self) -> npt.NDArray[np.float64]:
        """Return each member's mean loss over the examples since `clear_losses`."""
        self._flush()
        return np.concatenate([block.mean_losses() for block in self._blocks])

    @property
    def pending(self) -> bool:
        """Whether steps were taken since `clear_losses`."""
        return bool(self._queue) or any(block.pending for block in self._blocks)

    @property
    def weights(self) -> Array:
        """A copy of the members' flat weights, (members, size)."""
        self._flush()
        if self._weights is None:
            self._weights = np.concatenate([block.weights for block in self._blocks])
        return self._weights

    @weights.setter
    def weights(self, values: Array) -> None:
        self._flush()
        self._weights = None
        for block, place in zip(self._blocks, self._places, strict=True):
            block.weights = values[place]

    @property
    def steps_done(self) -> int:
        """How many steps were taken."""
        self._flush()
        return self._blocks[0].steps_done

    def stepped(self) -> Stepped:
        """Return what steps have made of the members, copied to the host."""
        self._flush()
        each = [block.stepped() for block in self._blocks]
        state = {name: np.concatenate([one.state[name] for one in each]) for name in each[0].state}
        rates = np.concatenate([one.rates for one in each])
        return Stepped(state, each[0].templates, each[0].steps_done, rates)

    def resume(self, stepped: Stepped) -> None:
        """Go on from there, with as many members."""
        self._weights = None
        for block, place in zip(self._blocks, self._places, strict=True):
            state = {name: array[place] for name, array in stepped.state.items()}
            block.resume(replace(stepped, state=state, rates=stepped.rates[place]))

    def diagnosed(self, slot: int) -> Diagnosis | None:
        """Return in which step, and by which operation, a member left the finite numbers; None if unknown."""
        self._flush()
        pairs = zip(self._blocks, self._places, strict=True)
        block, place = next(pair for pair in pairs if pair[1].start <= slot < pair[1].stop)
        return block.diagnosed(slot - place.start)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What regularizers asked to be called after each epoch."""
        self._flush()
        return self._blocks[0].rules


def _cut(members: Sequence[Member], tables: Tables, width: int) -> Iterator[tuple[Sequence[Member], Tables]]:
    """Cut members into as few blocks of at most `width` as there can be, evenly, with their tables."""
    pieces = -(-len(members) // width)
    for i in range(pieces):
        slots = range(i * len(members) // pieces, (i + 1) * len(members) // pieces)
        yield members[slots.start : slots.stop], tables.keep(slots)


def _own(rows: Rows, block: Training, place: slice) -> Rows:
    """Return a block's part of a minibatch; a block of one seed has rows that its members share."""
    if rows.ndim == 1:
        return rows
    own = rows[place]
    return own[0] if block.seeds.shared else own
