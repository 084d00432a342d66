"""What it takes to find out afterwards where a member's numbers stopped being finite.

A step checks nothing.  Every so many steps the guard copies the weights and the optimizer's state of members
that are still finite, and notes the steps taken since.  A member that diverged is stepped once more from
there, alone (`diagnosing`): it takes the steps that it took, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.stages.cohort import Member
from pipeline.stages.seeds import Rows
from pipeline.stages.tables import Tables

if TYPE_CHECKING:
    from pipeline.stages.training import Training

Array = Any
INTERVAL = 128  # steps between copies: a copy and a look at all numbers take about half of a step's time
MOST_BYTES = 1 << 26  # of noted steps


@dataclass(frozen=True)
class Standing:
    """Where a training stood: its members, their data, copies of weights and state (members, ...)."""

    members: tuple[Member, ...]
    tables: Tables
    state: Mapping[str, Array]
    templates: Mapping[str, Any] | None
    steps_done: int
    rates: Array


@dataclass(frozen=True)
class Taken:
    """A step that was taken: on rows of the train split, or on `examples`, inputs and targets."""

    rows: Rows | None
    examples: tuple[Array, Array] | None
    steps: int

    @property
    def bytes(self) -> int:
        """The memory that it takes to note it."""
        arrays = self.examples or (self.rows,)
        return sum(int(array.nbytes) for array in arrays if array is not None)

    def on(self, training: Training, slot: int) -> None:
        """Take the step with a training of the member alone that was in `slot`."""
        if self.examples is not None:
            inputs, targets = (array[slot : slot + 1] for array in self.examples)
            training.step_on(inputs, targets, self.steps)
        elif self.rows is not None:
            training.step(self.rows if self.rows.ndim == 1 else self.rows[slot], self.steps)


@dataclass(frozen=True)
class Case:
    """A member, the last copy in which it was finite, and the steps since."""

    slot: int
    standing: Standing
    steps: Sequence[Taken]


class Guard:
    """Copies and notes of one training."""

    def __init__(self) -> None:
        self._standing: Standing | None = None
        self._steps: list[Taken] = []
        self._bytes = 0
        self._cases: dict[tuple[str, str], Case] = {}

    def note(self, training: Training, taken: Taken) -> None:
        """Note a step that is about to be taken."""
        if self._standing is None or len(self._steps) >= INTERVAL or self._bytes > MOST_BYTES:
            self.renew(training)
        self._steps.append(taken)
        self._bytes += taken.bytes

    def renew(self, training: Training) -> None:
        """Copy the training as it stands now; what led to members that are no longer finite is kept."""
        self._set_aside(training)
        self._standing, self._steps, self._bytes = training.standing(), [], 0

    def forget(self, training: Training) -> None:
        """Copy anew before the next step, since weights, members or options change outside of steps."""
        self._set_aside(training)
        self._standing, self._steps, self._bytes = None, [], 0

    def case(self, training: Training, slot: int) -> Case | None:
        """Return what is known of the member in `slot`; None if it took no step."""
        member = training.members[slot]
        known = self._cases.get((member.trial, member.key))
        if known is not None or self._standing is None or not self._steps:
            return known
        return Case(slot, self._standing, self._steps)

    def _set_aside(self, training: Training) -> None:
        if self._standing is None or not self._steps:
            return
        for slot in np.flatnonzero(~training.finite()):
            member = training.members[slot]
            case = Case(int(slot), self._standing, self._steps)
            self._cases.setdefault((member.trial, member.key), case)
