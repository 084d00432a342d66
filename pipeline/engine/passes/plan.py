"""A plan: the instructions of a program for so many members, as passes rewrite them before binding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pipeline.engine.graph import Instruction, Params, Primitive, Spec, Tensor

if TYPE_CHECKING:
    from pipeline.engine.program import Program

# What gives the same bits however its operands lie in memory: exact for each element, or put in order first.
# A matrix product is not among them: BLAS may add in another order for a transposed operand.
ORDERED = frozenset("sum max min argmax argmin cumsum".split())


@dataclass(frozen=True)
class Plan:
    """Instructions in order, what they start from and what must come out.

    Tensors made by a pass have negative indices.  Passes leave `outputs` and `updates` alone: the tensors
    that these name are made by some instruction, or are inputs or constants, at any time.
    """

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    updates: Mapping[str, Tensor]
    batched_inputs: frozenset[int]
    members: int
    instructions: tuple[Instruction, ...]
    constants: Mapping[int, npt.NDArray[Any]]

    @classmethod
    def of(cls, program: Program, members: int, batched: Collection[str]) -> Plan:
        """Return the plan of a program as it was traced; inputs named in `batched` have a member axis."""
        graph = program.graph
        return cls(
            program.inputs,
            program.outputs,
            program.updates,
            frozenset(graph.inputs[name].index for name in batched),
            members,
            tuple(program.instructions),
            graph.constants,
        )

    @cached_property
    def batched(self) -> frozenset[int]:
        """The tensors that have a member axis."""
        found = set(self.batched_inputs)
        for instruction in self.instructions:
            if any(x.index in found for x in instruction.inputs):
                found.update(output.index for output in instruction.outputs)
        return frozenset(found)

    @cached_property
    def results(self) -> frozenset[int]:
        """The tensors that are outputs or updates."""
        return frozenset(x.index for x in (*self.outputs.values(), *self.updates.values()))

    @cached_property
    def readers(self) -> Mapping[int, Sequence[Instruction]]:
        """The instructions that read each tensor."""
        found: dict[int, list[Instruction]] = defaultdict(list)
        for instruction in self.instructions:
            for x in instruction.inputs:
                found[x.index].append(instruction)
        return found

    def with_instructions(self, instructions: Iterable[Instruction]) -> Plan:
        """Return a plan of other instructions, without those that nobody needs."""
        results = (*self.outputs.values(), *self.updates.values())
        return replace(self, instructions=tuple(live(instructions, results)))

    def any_layout(self, x: Tensor) -> bool:
        """Return whether `x` may lie in memory in any way: neither bits nor results depend on it."""
        if x.index in self.results:
            return False
        return all(
            reader.primitive.role == "elementwise"
            or reader.primitive.name in ORDERED
            or (reader.primitive.role == "view" and all(map(self.any_layout, reader.outputs)))
            for reader in self.readers.get(x.index, ())
        )


class Rewriter:
    """Copies a plan instruction by instruction; a pass says what it puts in the place of some."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.constants = dict(plan.constants)
        self.makers: dict[int, Instruction] = {}
        self._instructions: list[Instruction] = []
        self._same: dict[int, Tensor] = {}
        made = [x.index for instruction in plan.instructions for x in instruction.outputs]
        self._lowest = min((*made, *plan.constants), default=0)

    def taken(self, instruction: Instruction) -> Instruction:
        """Return an instruction of the old plan with what its operands were replaced by."""
        if not any(x.index in self._same for x in instruction.inputs):
            return instruction
        return replace(instruction, inputs=tuple(self._same.get(x.index, x) for x in instruction.inputs))

    def keep(self, instruction: Instruction) -> None:
        """Append an instruction."""
        self._instructions.append(instruction)
        self.makers.update((output.index, instruction) for output in instruction.outputs)

    def add(self, primitive: Primitive, inputs: Iterable[Tensor], params: Params, output: Tensor) -> None:
        """Append what makes `output`."""
        self.keep(Instruction(primitive, tuple(inputs), params, (output,)))

    def replace(self, output: Tensor, other: Tensor) -> None:
        """Let later instructions read `other` where they read `output`, which is no result of the plan."""
        self._same[output.index] = other

    def new(self, like: Tensor, spec: Spec) -> Tensor:
        """Return a tensor that no instruction makes yet."""
        self._lowest = min(self._lowest, 0) - 1
        return Tensor(like.graph, self._lowest, spec, None)

    def maker(self, x: Tensor, name: str) -> Instruction | None:
        """Return the instruction that makes `x`, if it is a `name`."""
        found = self.makers.get(x.index)
        return found if found is not None and found.primitive.name == name else None

    def done(self) -> Plan:
        """Return the new plan, without what nobody needs any more."""
        return replace(self.plan.with_instructions(self._instructions), constants=self.constants)


def live(instructions: Iterable[Instruction], results: Iterable[Tensor]) -> list[Instruction]:
    """Return the instructions that `results` need, in their order: dead code is dropped."""
    needed = {tensor.index for tensor in results}
    kept = []
    for instruction in reversed(list(instructions)):
        if any(output.index in needed for output in instruction.outputs):
            needed.update(x.index for x in instruction.inputs)
            kept.append(instruction)
    return kept[::-1]
