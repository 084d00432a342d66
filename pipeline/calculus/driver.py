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

    `ended` says why members came to their end, by slot; `iterates` are the points last reached.
    """

    def __init__(self, surface: Surface, start: Start, starts: Sequence[Array]):
        self.surface = surface
        self.methods = [start(np.array(w, surface.dtype)) for w in starts]
        self.iterates: list[Iterate | None] = [None] * len(self.methods)
        self.ended: dict[int, Reason] = {}
        self.evaluations = [0] * len(self.methods)

    def advance(self) -> None:
        """Take every member that goes on to its next iterate, or to its end."""
        asked = {slot: None for slot in range(len(self.methods)) if slot not in self.ended}
        answers: dict[int, Any] = dict(asked)
        while answers:
            requests = {}
            for slot, answer in answers.items():
                request = self._next(slot, answer)
                if request is not None:
                    requests[slot] = request
                    self.evaluations[slot] += 1
            answers = self.surface.answer(requests)

    def keep(self, slots: Sequence[int]) -> None:
        """Let only the members in `slots` go on, in that order."""
        self.surface = self.surface.keep(slots)
        self.methods = [self.methods[slot] for slot in slots]
        self.iterates = [self.iterates[slot] for slot in slots]
        self.evaluations = [self.evaluations[slot] for slot in slots]
        self.ended = {place: self.ended[slot] for place, slot in enumerate(slots) if slot in self.ended}

    def _next(self, slot: int, answer: Any) -> Request | None:
        """Return what a member asks for next; None where it has reached an iterate, or its end."""
        try:
            asked = self.methods[slot].send(answer)
        except StopIteration as end:
            self.ended[slot] = end.value
            return None
        if isinstance(asked, Iterate):
            self.iterates[slot] = asked
            return None
        return asked
