"""Who reads a buffer last.  A view keeps its root's buffer alive; outputs and updates live to the end."""

from __future__ import annotations

from collections import defaultdict

from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.kernels import VIEWS
from pipeline.engine.passes.plan import Plan


class Liveness:
    """Root buffers of tensors and the places of their last readers in a plan.

    Every view counts as a reader of its root at its own place and wherever it is read itself; that a
    reshape may turn out to copy only shortens a life, which is safe to ignore.
    """

    def __init__(self, plan: Plan):
        self._roots: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._readers: dict[int, list[Instruction]] = defaultdict(list)
        for place, instruction in enumerate(plan.instructions):
            self._visit(place, instruction)
        self._keep(plan)
        self._dying: dict[int, list[int]] = defaultdict(list)
        for root, place in self._last.items():
            self._dying[place].append(root)

    def root(self, tensor: Tensor) -> int:
        """Return the index of the tensor whose buffer `tensor` lies in."""
        return self._roots.get(tensor.index, tensor.index)

    def last_read(self, tensor: Tensor) -> int:
        """Return the place of the last instruction that reads the buffer of `tensor`, -1 if none does."""
        return self._last.get(self.root(tensor), -1)

    def is_kept(self, tensor: Tensor) -> bool:
        """Return whether an output or update lies in the buffer of `tensor`."""
        return self.root(tensor) in self._kept

    def dying(self, place: int) -> list[int]:
        """Return the roots that nobody reads after the instruction at `place`."""
        return self._dying.get(place, [])

    def concatenation(self, tensor: Tensor) -> tuple[Instruction, int] | None:
        """Return (concatenation, position) if `tensor`, perhaps reshaped, is joined once in one."""
        found = []
        for instruction in self._readers[tensor.index]:
            if instruction.primitive.name == "concatenate":
                found += [(instruction, i) for i, x in enumerate(instruction.inputs) if x is tensor]
            elif instruction.primitive.name == "reshape":
                deeper = self.concatenation(instruction.outputs[0])
                found += [deeper] if deeper else []
        return found[0] if len(found) == 1 else None

    def _visit(self, place: int, instruction: Instruction) -> None:
        for x in instruction.inputs:
            self._last[self.root(x)] = place
            self._readers[x.index].append(instruction)
        for output in instruction.outputs:
            if instruction.primitive.name in VIEWS:
                self._roots[output.index] = self.root(instruction.inputs[0])
            # a result that nobody reads dies where it is made, unless it is kept
            self._last.setdefault(self.root(output), place)

    def _keep(self, plan: Plan) -> None:
        self._kept = {self.root(x) for x in (*plan.outputs.values(), *plan.updates.values())}
        # an input's last read decides whether its update may be written in place; it is never released
        for root in self._kept - {x.index for x in plan.inputs.values()}:
            self._last.pop(root, None)
