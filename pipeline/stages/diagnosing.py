"""Where a member diverged: its last steps taken once more, alone, until numbers are no longer finite."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.engine.inspection import Event, Inspection, Range, inspected
from pipeline.stages.hints import hint

if TYPE_CHECKING:
    from pipeline.stages.guard import Case
    from pipeline.stages.training import Training


@dataclass(frozen=True)
class Diagnosis:
    """The step (from 1) after which a member was no longer finite, and what its operations did in it."""

    step: int
    found: Inspection

    def words(self, epoch: int, trial: str) -> str:
        """Return what happened, in a line or more, and what helps."""
        place = f"step {self.step} (epoch {epoch}) of trial {trial}"
        event = self.found.culprit
        if event is None:
            return f"no longer finite after {place}"
        made = f"first not finite: {_operation(event)} in {event.instruction.origin}, {place}"
        operands = ", ".join(map(_range, event.operands))
        counts = [
            _counted("became infinite", self.found.overflows),
            _counted("became 0 or denormal", self.found.underflows),
        ]
        lines = [
            made,
            f"operands: {operands}; result: {_bad(event)}",
            "; ".join(filter(None, counts)),
            hint(event),
        ]
        return "\n".join(filter(None, lines))


def diagnosed(training: Training, case: Case) -> Diagnosis | None:
    """Take a member's steps once more; None if it stays finite."""
    with np.errstate(all="ignore"):
        own = training.alone(case)
        for taken in case.steps:
            before = own.standing()
            taken.on(own, case.slot)
            if not own.finite().all():
                return Diagnosis(own.steps_done, inspected(*own.last_step(before)))
    return None


def _operation(event: Event) -> str:
    name = event.instruction.primitive.name
    steps = ", ".join(map(str, event.steps))
    return f"{name} (step {steps} of its recurrence)" if steps else name


def _range(x: Range) -> str:
    shape = "x".join(map(str, x.shape)) or "a number"
    numbers = f"{x.low:.4g}" if x.low == x.high else f"{x.low:.4g} to {x.high:.4g}"
    more = [f"{n} {word}" for n, word in ((x.infinite, "infinite"), (x.nan, "nan")) if n]
    return " and ".join([f"{shape} of {numbers}", *more])


def _bad(event: Event) -> str:
    infinite, nan, size = (
        sum(getattr(x, name) for x in event.results) for name in ("infinite", "nan", "size")
    )
    parts = [f"{n} {word}" for n, word in ((infinite, "infinite"), (nan, "nan")) if n]
    return f"{' and '.join(parts)} of {size}"


def _counted(what: str, counts: Counter[str]) -> str:
    total = sum(counts.values())
    names = ", ".join(f"{n} of {name}" for name, n in counts.most_common(3) if n)
    return f"{total} results of this step {what} ({names})" if total else ""
