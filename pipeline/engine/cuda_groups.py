"""Which instructions run as one CUDA kernel: elementwise ones, and reductions along one axis among them.

On a GPU a kernel's start costs as much as a million operations, and equality with NumPy is within a
tolerance, so whatever can be joined is: any elementwise operations of one form, in groups of any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from pipeline.engine import cuda, cuda_lines
from pipeline.engine.fusion import FUSED, Placed, Step
from pipeline.engine.graph import Instruction, Shape, Tensor
from pipeline.engine.passes.plan import Plan, live

MOST_STEPS = 64  # more would spill registers and overflow a kernel's arguments
MOST_REDUCTIONS = 16  # each takes up to 2 KB of the 48 KB that a block's threads share

Form = tuple[bool, Shape]  # whether there is a member axis, the shape for one member


def fuse(plan: Plan) -> Plan:
    """Return the plan with groups joined, each into one `fused` instruction, or `lines` if it reduces."""
    plan = _seen_through(plan)
    instructions: list[Instruction] = []
    for group in _Grouping(plan).groups():
        members = [plan.instructions[place] for place in group.places]
        instructions += members if len(members) == 1 else [_joined(group, members, plan)]
    return replace(plan, instructions=tuple(instructions))


# Views that a kernel looks through


def _seen_through(plan: Plan) -> Plan:
    """Let what a kernel can run read before views that only stretch or rename: its places see to that."""
    views: dict[int, Tensor] = {}
    instructions = []
    for instruction in plan.instructions:
        if _renames(instruction):
            (x,) = instruction.inputs
            views[instruction.outputs[0].index] = views.get(x.index, x)
        elif _runs(instruction) and instruction.primitive.name in cuda.EXPRESSIONS:
            inputs = tuple(views.get(x.index, x) for x in instruction.inputs)
            instruction = replace(instruction, inputs=inputs)
        instructions.append(instruction)
    results = (*plan.outputs.values(), *plan.updates.values())
    return replace(plan, instructions=tuple(live(instructions, results)))


def _renames(instruction: Instruction) -> bool:
    name = instruction.primitive.name
    return name in ("broadcast_to", "stop_gradient") or (
        name == "reshape" and instruction.inputs[0].size == 1
    )


# Groups


@dataclass(frozen=True)
class Group:
    """Instructions that run as one kernel, in the order of the trace.

    All have the form `whole`, or, if there is a reduction along `axis`, that form with 1 along it; without
    a form no kernel takes the one instruction.  `needs` are the places of what makes its operands.
    """

    whole: Form | None
    axis: int | None
    places: tuple[int, ...]
    needs: frozenset[int]
    reductions: int

    def with_(self, other: Group) -> tuple[Form, int | None] | None:
        """Return the form and axis of a group of both, or None if one kernel cannot run both."""
        if self.whole is None or other.whole is None:
            return None
        if len(self.places) + len(other.places) > MOST_STEPS:
            return None
        if self.reductions + other.reductions > MOST_REDUCTIONS:
            return None
        if self.whole == other.whole:
            axes = {self.axis, other.axis} - {None}
            return (self.whole, next(iter(axes), None)) if len(axes) < 2 else None
        if other.axis is None and other.whole == self._reduced:
            return self.whole, self.axis
        if self.axis is None and self.whole == other._reduced:
            return other.whole, other.axis
        return None

    @property
    def _reduced(self) -> Form | None:
        if self.whole is None or self.axis is None:
            return self.whole
        shape = list(self.whole[1])
        shape[self.axis] = 1
        return self.whole[0], tuple(shape)


class _Grouping:
    """Merges groups, at first of one instruction each, wherever a kernel can run both and none in between.

    Those that hand on a result are merged first, then those that happen to have one form.  A group is named
    by one of its places; `_before` are the groups that must run before each, bits of a whole number.
    """

    def __init__(self, plan: Plan):
        self._plan = plan
        self._groups: dict[int, Group] = {}
        self._before: dict[int, int] = {}
        self._owner = list(range(len(plan.instructions)))
        makers: dict[int, int] = {}
        for place, instruction in enumerate(plan.instructions):
            needs = frozenset(makers[x.index] for x in instruction.inputs if x.index in makers)
            whole, axis = self._form(instruction)
            self._groups[place] = Group(whole, axis, (place,), needs, int(axis is not None))
            self._before[place] = 0
            for need in needs:
                self._before[place] |= self._before[need] | 1 << need
            makers.update((x.index, place) for x in instruction.outputs)

    def groups(self) -> list[Group]:
        """Return the groups in a possible order, as near to the trace's as may be."""
        for place in range(len(self._owner)):
            self._merge_makers(place)
        self._merge_alike()
        return self._ordered()

    def _merge_makers(self, place: int) -> None:
        """Merge the group of an instruction with those that make its operands, the last of them first."""
        tried: set[int] = set()
        while True:
            own = self._owner[place]
            makers = {self._owner[need] for need in self._groups[own].needs} - tried - {own}
            if not makers:
                return
            maker = max(makers)
            tried.add(maker)
            self._merge(maker, own)

    def _merge_alike(self) -> None:
        alike: dict[Any, list[int]] = {}
        for name, group in sorted(self._groups.items()):
            alike.setdefault(group.whole, []).append(name)
        alike.pop(None, None)
        for names in alike.values():
            for i, first in enumerate(names):
                for second in names[i + 1 :]:
                    if first in self._groups and second in self._groups:
                        self._merge(first, second)

    def _merge(self, first: int, second: int) -> None:
        """Make one group of two, under the name of the second, if that may be."""
        a, b = self._groups[first], self._groups[second]
        form = a.with_(b)
        if form is None or self._between(first, second) or self._between(second, first):
            return
        needs = (a.needs | b.needs) - set(a.places) - set(b.places)
        places = tuple(sorted(a.places + b.places))
        self._groups[second] = Group(*form, places, needs, a.reductions + b.reductions)
        del self._groups[first]
        for place in a.places:
            self._owner[place] = second
        both, gone = 1 << first | 1 << second, ~(1 << first)
        before = self._before[second] = (self._before.pop(first) | self._before[second]) & ~both
        for name, earlier in self._before.items():
            if earlier & both:
                self._before[name] = (earlier | before | both) & gone

    def _between(self, first: int, second: int) -> bool:
        """Return whether some third group must run after the first and before the second."""
        makers = {self._owner[need] for need in self._groups[second].needs} - {first, second}
        return any(self._before[maker] >> first & 1 for maker in makers)

    def _ordered(self) -> list[Group]:
        waiting = dict(sorted(self._groups.items(), key=lambda item: item[1].places))
        left = sum(1 << name for name in waiting)
        ordered = []
        while waiting:
            name = next(name for name in waiting if not self._before[name] & left)
            left &= ~(1 << name)
            ordered.append(waiting.pop(name))
        return ordered

    def _form(self, instruction: Instruction) -> tuple[Form | None, int | None]:
        """Return the form that an instruction works on and the axis that it reduces; None for no kernel's."""
        if not _runs(instruction):
            return None, None
        output = instruction.outputs[0]
        has_members = output.index in self._plan.batched
        if instruction.primitive.name in cuda.EXPRESSIONS:
            return (has_members, output.shape), None
        (source,), axis = instruction.inputs, instruction.params["axis"]
        count = prod(output.shape) * (self._plan.members if has_members else 1)
        if not cuda_lines.suits(count, source.shape[axis]):
            return None, None
        return (has_members, source.shape), axis


def _runs(instruction: Instruction) -> bool:
    """Return whether generated kernels know an operation and its dtypes."""
    name = instruction.primitive.name
    types = {x.dtype.name for x in (*instruction.inputs, *instruction.outputs)}
    reduces = name in cuda_lines.COMBINED and "bool" not in types
    return types <= cuda.CTYPES.keys() and (name in cuda.EXPRESSIONS or reduces)


def _joined(group: Group, instructions: Sequence[Instruction], plan: Plan) -> Instruction:
    """Return one instruction for those of a group, with the results that are needed outside of it."""
    inside = {id(one) for one in instructions}
    outputs = [one.outputs[0] for one in instructions]
    kept = [
        place
        for place, x in enumerate(outputs)
        if x.index in plan.results or any(id(one) not in inside for one in plan.readers.get(x.index, ()))
    ]
    steps, inputs = _steps(instructions)
    params: dict[str, Any] = {"steps": steps, "kept": tuple(kept)}
    results = tuple(outputs[place] for place in kept)
    if group.axis is None:
        return Instruction(FUSED, inputs, params, results)
    assert group.whole is not None
    shape, axis = group.whole[1], group.axis
    constant = tuple(
        one.primitive.name in cuda_lines.COMBINED or x.shape[axis] != shape[axis]
        for one, x in zip(instructions, outputs, strict=True)
    )
    params |= {"shape": shape, "axis": axis, "constant": constant}
    return Instruction(cuda_lines.LINES, inputs, params, results)


def _steps(instructions: Sequence[Instruction]) -> tuple[tuple[Step, ...], tuple[Tensor, ...]]:
    made = {one.outputs[0].index: place for place, one in enumerate(instructions)}
    inputs: dict[int, Tensor] = {}
    steps = []
    for one in instructions:
        operands: list[Placed] = []
        for x in one.inputs:
            if x.index not in made:
                inputs.setdefault(x.index, x)
            known = x.index in made
            operands.append(("step", made[x.index]) if known else ("in", list(inputs).index(x.index)))
        steps.append(Step(one.primitive.name, tuple(operands), one.outputs[0].dtype.name))
    return tuple(steps), tuple(inputs.values())
