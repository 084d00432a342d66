"""Join elementwise instructions of one form into one, so that their intermediate results stay in registers.

Only operations that IEEE 754 rounds correctly are joined: a fused kernel computes the same bits as the
calls that it replaces.  Instructions are reordered, as far as their operands allow, to stand together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from pipeline.engine.graph import Instruction, Params, Primitive, Spec, Tensor

FUSABLE = frozenset("add subtract multiply divide negative square sqrt reciprocal".split())
LEAST_STEPS = 3  # fewer instructions gain less than a kernel's compilation costs
LEAST_ELEMENTS = 1 << 15  # of all members: smaller results stay in the first cache anyway

Form = tuple[bool, tuple[int, ...]]  # whether there is a member axis, the shape for one member
Placed = tuple[str, int]  # ("in", operand) or ("step", earlier step)


@dataclass(frozen=True)
class Step:
    """One operation of a fused kernel: its name and where its operands come from."""

    name: str
    operands: tuple[Placed, ...]


def _infer(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    raise NotImplementedError("fused instructions are made from inferred ones")


FUSED = Primitive("fused", _infer, "elementwise")


def fuse(
    instructions: Sequence[Instruction], results: Collection[int], batched: Collection[int], members: int
) -> list[Instruction]:
    """Return equivalent instructions in which groups are joined; the tensors `results` are kept."""

    def form(instruction: Instruction) -> Form | None:
        output = instruction.outputs[0]
        has_members = output.index in batched
        elements = prod(output.shape) * (members if has_members else 1)
        if instruction.primitive.name not in FUSABLE or elements < LEAST_ELEMENTS:
            return None
        return has_members, output.shape

    groups = _grouped(instructions, form)
    readers = _readers(instructions)
    fused: list[Instruction] = []
    for group in groups:
        together = {id(instruction) for instruction in group}
        if len(group) < LEAST_STEPS:
            fused += group
        else:
            fused.append(_joined(group, lambda x, own=together: _needed(x, own, readers, results)))  # type: ignore[misc]
    return fused


def _readers(instructions: Sequence[Instruction]) -> dict[int, list[Instruction]]:
    readers: dict[int, list[Instruction]] = {}
    for instruction in instructions:
        for x in instruction.inputs:
            readers.setdefault(x.index, []).append(instruction)
    return readers


def _needed(
    x: Tensor, group: set[int], readers: dict[int, list[Instruction]], results: Collection[int]
) -> bool:
    """Return whether anything outside of a group needs `x`."""
    return x.index in results or any(id(reader) not in group for reader in readers.get(x.index, ()))


def _grouped(
    instructions: Sequence[Instruction], form: Callable[[Instruction], Form | None]
) -> list[list[Instruction]]:
    """Order instructions so that those of one form follow each other; each of no form is a group alone."""
    waiting = list(instructions)
    made = {output.index for instruction in instructions for output in instruction.outputs}
    groups: list[list[Instruction]] = []
    current: Form | None = None
    while waiting:
        ready = [one for one in waiting if not any(x.index in made for x in one.inputs)]
        chosen = _choose(ready, form, current)
        found = form(chosen)
        if found is not None and found == current:
            groups[-1].append(chosen)
        else:
            groups.append([chosen])
        current = found
        made -= {output.index for output in chosen.outputs}
        waiting.remove(chosen)
    return groups


def _choose(
    ready: Sequence[Instruction], form: Callable[[Instruction], Form | None], current: Form | None
) -> Instruction:
    """Prefer the form at hand, then what has no form (it may make others ready), then the first."""
    forms = [form(one) for one in ready]
    for wanted in (current, None):
        for instruction, found in zip(ready, forms, strict=True):
            if found == wanted:
                return instruction
    return ready[0]


def _joined(group: Sequence[Instruction], needed: Callable[[Tensor], bool]) -> Instruction:
    made = {instruction.outputs[0].index: place for place, instruction in enumerate(group)}
    inputs: dict[int, Tensor] = {}
    steps = []
    for instruction in group:
        operands: list[Placed] = []
        for x in instruction.inputs:
            if x.index in made:
                operands.append(("step", made[x.index]))
            else:
                inputs.setdefault(x.index, x)
                operands.append(("in", list(inputs).index(x.index)))
        steps.append(Step(instruction.primitive.name, tuple(operands)))
    kept = [place for place, instruction in enumerate(group) if needed(instruction.outputs[0])]
    params: dict[str, Any] = {"steps": tuple(steps), "kept": tuple(kept)}
    outputs = tuple(group[place].outputs[0] for place in kept)
    return Instruction(FUSED, tuple(inputs.values()), params, outputs)
