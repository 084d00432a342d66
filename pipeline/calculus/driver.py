"""Drives one method for each member of a surface: all their requests of a round in one batched call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.requests import Iterate, Reason, Request, Start
from pipeline.calculus.surface import Surface

Array = npt.NDArray[Any]


class Driver:
    """Members on their way down a surface, each by a method of its own that `start` begins.

    `ended` says why members came to their end, by slot; `iterates` are the points last reached, None where
    there was none.
    """

    def __init__(self, surface: Surface, start: Start, starts: Sequence[Array]):
        self.surface = surface
        self.iterates: list[Iterate | None] = [None] * len(starts)
        self.ended: dict[int, Reason] = {}
        self.evaluations = [0] * len(starts)
        self._methods = [start(np.array(w, surface.dtype)) for w in starts]
        self._asked: dict[int, Request] = {}
        for slot in range(len(starts)):
            self._send(slot, None)

    @property
    def members(self) -> int:
        """How many members there are, those that came to their end among them."""
        return len(self._methods)

    def advance(self) -> None:
        """Take every member that goes on to its next iterate, or to its end."""
        going = dict(self._asked)
        while going:
            answers = self.surface.answer(going)
            self._asked = {slot: asked for slot, asked in self._asked.items() if slot not in going}
            going = {slot: self._asked[slot] for slot in answers if self._goes_on(slot, answers[slot])}

    def keep(self, slots: Sequence[int]) -> None:
        """Let only the members in `slots` go on, in that order."""
        self.surface = self.surface.keep(slots)
        self.iterates = [self.iterates[slot] for slot in slots]
        self.evaluations = [self.evaluations[slot] for slot in slots]
        self._methods = [self._methods[slot] for slot in slots]
        self.ended = {place: self.ended[slot] for place, slot in enumerate(slots) if slot in self.ended}
        self._asked = {place: self._asked[slot] for place, slot in enumerate(slots) if slot in self._asked}

    def _goes_on(self, slot: int, answer: Any) -> bool:
        """Hand a member its answer; return whether it asks for more before its next iterate."""
        self.evaluations[slot] += 1
        reached = self._send(slot, answer)
        if reached is not None:
            self.iterates[slot] = reached
            self._send(slot, None)  # so that its end is known at once
        return reached is None and slot in self._asked

    def _send(self, slot: int, answer: Any) -> Iterate | None:
        """Run a member's method until it asks for something, gives an iterate or ends."""
        try:
            found = self._methods[slot].send(answer)
        except StopIteration as end:
            self.ended[slot] = end.value
            return None
        if isinstance(found, Iterate):
            return found
        self._asked[slot] = found
        return None
