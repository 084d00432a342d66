"""One run of a program for one member, operation by operation: where do numbers stop being finite?

The culprit is the first operation that made an infinity of finite numbers, or NaN of numbers, on a way on
which it reached a result: what is not finite and is left out again, by `ops.where` say, is no fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.kernels import compute
from pipeline.engine.program import Program
from pipeline.engine.scan import Body

Array = npt.NDArray[Any]
# where a result of 0, or a denormal one, of operands that are neither, is a loss of precision
SHRINKING = frozenset("multiply divide square power reciprocal exp expm1 sigmoid softplus".split())


@dataclass(frozen=True)
class Range:
    """The numbers of an array: its shape, the extremes of those that are finite, how many are not."""

    shape: tuple[int, ...]
    low: float
    high: float
    infinite: int
    nan: int

    @classmethod
    def of(cls, array: Array) -> Range:
        """Measure an array."""
        if array.dtype.kind != "f" or not array.size:
            low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
            return cls(array.shape, low, high, 0, 0)
        kept = array[np.isfinite(array)]
        low, high = (float(kept.min()), float(kept.max())) if kept.size else (np.nan, np.nan)
        return cls(array.shape, low, high, int(np.isinf(array).sum()), int(np.isnan(array).sum()))

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return not self.infinite and not self.nan

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class Event:
    """An operation that ran: ranges of operands and results, `steps` of the recurrences that it is in.

    `inner` is the culprit among the operations of a recurrence.
    """

    instruction: Instruction
    operands: tuple[Range, ...]
    results: tuple[Range, ...]
    steps: tuple[int, ...] = ()
    inner: Event | None = None

    @property
    def finite(self) -> bool:
        """Whether all results are."""
        return all(x.finite for x in self.results)

    @property
    def bears(self) -> bool:
        """Whether an infinity is made of finite numbers here, or NaN of numbers."""
        infinite = any(x.infinite for x in self.results) and all(x.finite for x in self.operands)
        nan = any(x.nan for x in self.results) and not any(x.nan for x in self.operands)
        return infinite or nan


@dataclass
class Inspection:
    """What happened: the culprit, and how many results of each operation over- and underflowed."""

    culprit: Event | None = None
    overflows: Counter[str] = field(default_factory=Counter)
    underflows: Counter[str] = field(default_factory=Counter)


def inspected(program: Program, inputs: Mapping[str, Array]) -> Inspection:
    """Run a program on inputs without a member axis and say where its results stop being finite."""
    known = {tensor.index: np.asarray(inputs[name]) for name, tensor in program.inputs.items()}
    results = [*program.outputs.values(), *program.updates.values()]
    found = Inspection()
    with np.errstate(all="ignore"):
        events = _Run(found, program.graph.constants).through(program.instructions, known, results)
    found.culprit = _culprit(events, results)
    return found


def _culprit(events: Sequence[Event], results: Iterable[Tensor]) -> Event | None:
    """Return the first event that bears what reaches a result without ever being finite on the way."""
    makers = {x.index: event for event in events for x in event.instruction.outputs}
    waiting, reached = [x.index for x in results], dict[int, Event]()
    while waiting:
        event = makers.get(waiting.pop())
        if event is not None and not event.finite and id(event) not in reached:
            reached[id(event)] = event
            waiting += [x.index for x in event.instruction.inputs]
    first = next((event for event in events if id(event) in reached and event.bears), None)
    return first.inner if first is not None and first.inner is not None else first


class _Run:
    """Runs the instructions of a graph one by one; a value is dropped after its last reader."""

    def __init__(self, found: Inspection, constants: Mapping[int, Array], steps: tuple[int, ...] = ()):
        self._found, self._constants, self._steps = found, constants, steps

    def through(
        self, instructions: Sequence[Instruction], known: dict[int, Array], results: Iterable[Tensor]
    ) -> list[Event]:
        """Return what happened; `known` has the inputs, and afterwards the results."""
        last = {x.index: place for place, one in enumerate(instructions) for x in one.inputs}
        kept = {x.index for x in results}
        ranges: dict[int, Range] = {}
        events = []
        for place, one in enumerate(instructions):
            ins = [known[x.index] if x.index in known else self._constants[x.index] for x in one.inputs]
            outs, inner = self._made(one, ins)
            known.update((x.index, array) for x, array in zip(one.outputs, outs, strict=True))
            for x, array in zip((*one.inputs, *one.outputs), (*ins, *outs), strict=True):
                ranges.setdefault(x.index, Range.of(array))
            operands, made = (tuple(ranges[x.index] for x in part) for part in (one.inputs, one.outputs))
            events.append(Event(one, operands, made, self._steps, inner))
            self._count(events[-1], ins, outs)
            for index in {x.index for x in one.inputs} - kept:
                if last[index] == place:
                    known.pop(index, None)
        return events

    def _made(self, one: Instruction, ins: Sequence[Array]) -> tuple[Sequence[Array], Event | None]:
        if one.primitive.name == "scan":
            return self._recurrence(one, ins)
        return compute(one.primitive, ins, one.params), None

    def _recurrence(self, one: Instruction, ins: Sequence[Array]) -> tuple[Sequence[Array], Event | None]:
        """Run a recurrence step by step; return its results, and the first step's culprit."""
        body: Body = one.params["body"]
        loops, sums = len(body.carries), len(body.terms)
        constants = ins[: len(body.constants)]
        carries = list(ins[len(constants) :][:loops])
        sequences = ins[len(constants) + loops :]
        totals = [np.zeros(x.shape, x.dtype) for x in body.terms]
        stacks = [np.zeros((one.params["length"], *x.shape), x.dtype) for x in body.results]
        order = range(one.params["length"])
        fixed, culprit = body.graph.constants, None
        for step in reversed(order) if one.params["reverse"] else order:
            values = [*constants, *carries, *(x[step] for x in sequences)]
            known = {x.index: value for x, value in zip(body.inputs, values, strict=True)}
            run = _Run(self._found, fixed, (*self._steps, step))
            events = run.through(body.instructions, known, body.outputs)
            culprit = culprit or _culprit(events, body.outputs)
            known |= {x.index: value for x in body.outputs if (value := fixed.get(x.index)) is not None}
            outs = [known[x.index] for x in body.outputs]
            carries = outs[:loops]
            totals = [total + term for total, term in zip(totals, outs[loops:], strict=False)]
            for stack, value in zip(stacks, outs[loops + sums :], strict=True):
                stack[step] = value
        return [*carries, *totals, *stacks], culprit

    def _count(self, event: Event, ins: Sequence[Array], outs: Sequence[Array]) -> None:
        name = event.instruction.primitive.name
        if name == "scan" or event.instruction.primitive.role == "view":
            return
        if all(x.finite for x in event.operands) and not event.finite:
            self._found.overflows[name] += sum(x.infinite for x in event.results)
        if name in SHRINKING:
            lost = _small(outs[0])
            for array in ins:
                lost = lost & ~_small(array) & np.isfinite(array)
            self._found.underflows[name] += int(lost.sum())


def _small(array: Array) -> npt.NDArray[np.bool_]:
    """Return which numbers are 0 or denormal."""
    found: npt.NDArray[np.bool_] = np.abs(array) < np.finfo(array.dtype).tiny
    return found
