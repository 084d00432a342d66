"""How a scan runs: its body is bound once, and a run replays it for each step.

On NumPy the calls of a step are made anew for each step when they are bound, on the step's own slices and
results, so that nothing is copied in or out (`relocation`).  Elsewhere, or where a call cannot be
moved, slices are copied in and results out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.engine.graph import Graph, Tensor
from pipeline.engine.kernels import Array, Call, Site
from pipeline.engine.program import Program
from pipeline.engine.relocation import Moving, NotMovable, relocated
from pipeline.engine.scan import Body, outputs_in, replay

MOST_CALLS = 1 << 18  # of all steps; beyond, they would take more memory than they save time


@dataclass(frozen=True)
class Place:
    """A scan instruction where it runs: its operands and results by role."""

    site: Site
    body: Body
    constants: Sequence[Array]
    carries: Sequence[Array]
    slices: Sequence[Array]
    last: Sequence[Array]
    sums: Sequence[Array]
    results: Sequence[Array]

    @classmethod
    def of(cls, site: Site) -> Place:
        """Sort the operands and results of a scan instruction."""
        body: Body = site.params["body"]
        first = len(body.constants)
        second = first + len(body.carries)
        third, fourth = len(body.carries), len(body.carries) + len(body.terms)
        ins, outs = site.ins, site.outs
        return cls(
            site,
            body,
            ins[:first],
            ins[first:second],
            ins[second:],
            outs[:third],
            outs[third:fourth],
            outs[fourth:],
        )

    @property
    def steps(self) -> Sequence[int]:
        """The places of the steps in the sequences, in the order in which they run."""
        steps = range(self.site.params["length"])
        return steps[::-1] if self.site.params["reverse"] else steps

    @property
    def flags(self) -> Sequence[bool]:
        """Which of the body's inputs have a member axis: carries all, if anything has."""
        carries = len(self.constants), len(self.constants) + len(self.carries)
        return [
            flag or (any(self.site.batched) and carries[0] <= i < carries[1])
            for i, flag in enumerate(self.site.batched)
        ]

    @property
    def slice_flags(self) -> Sequence[bool]:
        """Which sequences have a member axis."""
        return self.site.batched[len(self.constants) + len(self.carries) :]


def recurrence(site: Site) -> list[Call]:
    """Return the calls of all steps."""
    place = Place.of(site)
    if site.xp is np:
        try:
            return _in_place(place)
        except NotMovable:
            pass
    return _by_copies(place)


def _step(stacked: Array, step: int, batched: bool) -> Array:
    # the ellipsis keeps a part of no axes an array
    return stacked[:, step, ...] if batched else stacked[step, ...]


# Copies in and out


def _by_copies(place: Place) -> list[Call]:
    """Bind the body to buffers of its own, carries updated in place."""
    xp, body, members = place.site.xp, place.body, any(place.site.batched)
    names = {x.index: name for name, x in body.graph.inputs.items()}
    program = Program(
        body.graph,
        {f"out{i}": x for i, x in enumerate((*body.terms, *body.results))},
        {names[x.index]: new for x, new in zip(body.carries, body.next_carries, strict=True)},
    )
    batched = frozenset(names[x.index] for x, flag in zip(body.inputs, place.flags, strict=True) if flag)
    constants = {names[x.index]: a for x, a in zip(body.constants, place.constants, strict=True)}
    assert place.site.nest is not None
    executor = place.site.nest(program, batched, constants)
    found = [executor.outputs[f"out{i}"] for i in range(len(program.outputs))]
    carries = [executor.inputs[names[x.index]] for x in body.carries]
    slices = [
        (executor.inputs[names[x.index]], sequence, flag)
        for x, sequence, flag in zip(body.slices, place.slices, place.slice_flags, strict=True)
        if names[x.index] in executor.inputs
    ]
    calls = [Call(xp.copyto, pair) for pair in zip(carries, place.carries, strict=True)]
    calls += [Call(total.fill, (total.dtype.type(0),)) for total in place.sums]
    for step in place.steps:
        calls += [Call(xp.copyto, (buffer, _step(a, step, flag))) for buffer, a, flag in slices]
        calls.append(Call(executor.run, ()))
        for total, term in zip(place.sums, found, strict=False):
            calls.append(Call(xp.add, (total, term), {"out": total}))
        for stacked, result in zip(place.results, found[len(place.sums) :], strict=True):
            calls.append(Call(xp.copyto, (_step(stacked, step, members), result)))
    return calls + [Call(xp.copyto, pair) for pair in zip(place.last, carries, strict=True)]


# In place


def _in_place(place: Place) -> list[Call]:
    """Bind the body to the first step's slices and results; move its calls from step to step.

    A carry that is a result itself is read where it is stacked; another one lives where the last is wanted.
    """
    members = any(place.site.batched)
    step = _Step(place)
    assert place.site.nest is not None
    executor = place.site.nest(step.program, step.batched, step.arrays)
    calls_of_a_step: Sequence[Call] = executor.sequence
    if len(calls_of_a_step) * len(place.steps) > MOST_CALLS:
        raise NotMovable("too many calls")
    homes = step.homes
    calls = []
    for i, initial in enumerate(place.carries):
        home = place.last[i] if homes[i] is None else _step(homes[i], place.steps[0], members)
        calls.append(Call(np.copyto, (home, initial)))
    calls += [Call(total.fill, (0,)) for total in place.sums]
    moved = relocated(calls_of_a_step, step.moving, place.steps, step.fixed)
    for at, own in zip(place.steps, moved, strict=True):
        if at != place.steps[0]:
            calls += [
                Call(np.copyto, (_step(home, at, members), last))
                for home, last in zip(homes, place.last, strict=True)
                if home is not None
            ]
        calls += own
    return calls


class _Step:
    """One step as a program whose results are updates of inputs: so they are computed where they belong."""

    def __init__(self, place: Place):
        body, members = place.body, any(place.site.batched)
        self._place = place
        self._first = place.steps[0]
        self.graph = Graph(body.graph.dtype)
        self.arrays: dict[str, Array] = {}
        self.moving: list[Moving] = []
        self.fixed: list[Array] = [*place.constants, *place.last, *place.sums]
        self._names: set[str] = set()
        self._updates: dict[str, Tensor] = {}
        self._known: dict[int, Tensor] = {}
        met = {x.index: i for i, x in enumerate(body.carries)}
        self.homes: list[Array | None] = [None] * len(body.carries)
        for result, stacked in zip(body.results, place.results, strict=True):
            if result.index in met and self.homes[met[result.index]] is None:
                self.homes[met[result.index]] = stacked
        self._declare_inputs()
        replay(body.instructions, self.graph, self._known)
        self._declare_results(members)
        self.program = Program(self.graph, {}, self._updates)
        self.batched = frozenset(self._names & self.program.graph.inputs.keys())

    def _declare_inputs(self) -> None:
        place, body = self._place, self._place.body
        flags = iter(place.flags)
        for i, (x, array) in enumerate(zip(body.constants, place.constants, strict=True)):
            self._known[x.index] = self._input(f"constant{i}", x, array, next(flags))
        for i, (x, home) in enumerate(zip(body.carries, self.homes, strict=True)):
            flag = next(flags)
            array = place.last[i] if home is None else self._moving(home, flag)
            self._known[x.index] = self._input(f"carry{i}", x, array, flag)
        for i, (x, sequence) in enumerate(zip(body.slices, place.slices, strict=True)):
            flag = next(flags)
            self._known[x.index] = self._input(f"slice{i}", x, self._moving(sequence, flag), flag)

    def _declare_results(self, members: bool) -> None:
        place, body = self._place, self._place.body
        outputs = iter(outputs_in(self.graph, body.outputs, self._known))
        for i, (x, home) in enumerate(zip(body.carries, self.homes, strict=True)):
            if home is not None:
                self._input(f"next{i}", x, place.last[i], members)
            self._updates[f"carry{i}" if home is None else f"next{i}"] = next(outputs)
        for i, (x, total) in enumerate(zip(body.terms, place.sums, strict=True)):
            self._updates[f"sum{i}"] = self._input(f"sum{i}", x, total, members) + next(outputs)
        for i, (x, stacked) in enumerate(zip(body.results, place.results, strict=True)):
            result = next(outputs)
            if not any(stacked is home for home in self.homes):
                self._input(f"result{i}", x, self._moving(stacked, members), members)
                self._updates[f"result{i}"] = result

    def _input(self, name: str, x: Tensor, array: Array, batched: bool) -> Tensor:
        self.arrays[name] = array
        if batched:
            self._names.add(name)
        return self.graph.input(name, x.shape, x.dtype)

    def _moving(self, stacked: Array, batched: bool) -> Array:
        """Return the first step's part of a stacked array, and note how far apart steps lie in it."""
        self.moving.append(Moving.along(stacked, int(batched), self._first))
        return _step(stacked, self._first, batched)
