"""A bound program: buffers allocated once, calls that a run replays.

Views are made while binding, so they cost nothing in a run.  A buffer is handed on as soon as its last
reader has run; an elementwise result takes its operand's place where that operand dies.  Operands of a
concatenation are computed in their place in it; an update is computed in its input's buffer where
nothing reads the old value afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from pipeline.engine.arena import Arena
from pipeline.engine.backends import Backend
from pipeline.engine.bound import Bound
from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.kernels import VIEWS, Array, Call, Site, places, same_memory
from pipeline.engine.liveness import Liveness
from pipeline.engine.passes import PLAIN, applied
from pipeline.engine.passes.plan import Plan
from pipeline.engine.program import Program

if TYPE_CHECKING:
    from pipeline.engine.explain import Explained


class Executor:
    """Runs a program for `members` at once.

    `inputs` maps names to buffers to write into before a run, `outputs` names to buffers to read after
    it (until the next run).  A batched buffer is (members, *shape), a shared one (*shape).
    """

    def __init__(
        self,
        program: Program,
        members: int,
        batched: frozenset[str],
        backend: Backend,
        arrays: Mapping[str, Array] | None = None,
        passes: Collection[str] | None = None,
    ):
        self.program = program
        self.members = members
        self.backend = backend
        self.passes = PLAIN if passes is None else tuple(passes)
        self.plan = applied(Plan.of(program, members, batched), self.passes, backend)
        self.batched = self.plan.batched
        self.bound: list[Bound] = []
        self._arena = Arena(backend.xp)
        self._arrays: dict[int, Array] = {
            program.inputs[name].index: array
            for name, array in (arrays or {}).items()
            if name in program.inputs
        }
        self._calls: list[Call] = []
        self.inputs = {name: self._allocate_input(tensor) for name, tensor in program.inputs.items()}
        self._liveness = Liveness(self.plan)
        self._copies: dict[int, list[Hashable]] = defaultdict(list)
        self._targets: dict[int, tuple[Array, str]] = {}
        self._written_in_place: set[str] = set()
        self._placed: dict[int, str] = {}
        self._inner: list[Executor] = []
        for place, instruction in enumerate(self.plan.instructions):
            self._bind(place, instruction)
        self._copy_updates()
        self.outputs = {name: self._kept(tensor) for name, tensor in program.outputs.items()}

    def run(self) -> None:
        """Replay the program once."""
        with self.backend.quiet():
            for function, arguments, keywords in self._calls:
                function(*arguments, **keywords)

    def is_batched(self, tensor: Tensor) -> bool:
        """Return whether a tensor has a member axis here."""
        return tensor.index in self.batched

    @property
    def calls(self) -> int:
        """How many calls a run makes."""
        return len(self._calls)

    @property
    def sequence(self) -> Sequence[Call]:
        """The calls of a run, in order."""
        return tuple(self._calls)

    @property
    def to_compile(self) -> int:
        """How many kernels the first run compiles, because none in this or an earlier process did."""
        from pipeline.engine.numba_kernels import waits

        return sum(waits(call.function) for call in self._calls)

    def explain(self) -> Explained:
        """Return the plan in words and numbers; print it for a table."""
        from pipeline.engine.explain import explained

        return explained(self)

    def copied(self, name: str) -> bool:
        """Return whether the update of input `name` is computed elsewhere and copied at the end of a run."""
        return name in self.plan.updates and name not in self._written_in_place

    @property
    def bytes(self) -> int:
        """The memory that inputs, results and scratch take together."""
        return self._arena.bytes

    # Buffers

    def _shape(self, tensor: Tensor) -> tuple[int, ...]:
        return (self.members, *tensor.shape) if self.is_batched(tensor) else tensor.shape

    def _allocate_input(self, tensor: Tensor) -> Array:
        if tensor.index not in self._arrays:
            array = self._arena.permanent(self._shape(tensor), tensor.dtype)
            array.fill(0)
            self._arrays[tensor.index] = array
        return self._arrays[tensor.index]

    def _nest(self, program: Program, batched: frozenset[str], arrays: Mapping[str, Array]) -> Executor:
        self._inner.append(Executor(program, self.members, batched, self.backend, arrays, self.passes))
        return self._inner[-1]

    def _array(self, tensor: Tensor) -> Array:
        if tensor.index not in self._arrays:
            constant = self.plan.constants[tensor.index]
            self._arrays[tensor.index] = self.backend.from_host(constant)
        return self._arrays[tensor.index]

    # Instructions

    def _bind(self, place: int, instruction: Instruction) -> None:
        calls, ins = len(self._calls), tuple(map(self._array, instruction.inputs))
        self._inner = []
        if instruction.primitive.name in VIEWS:
            self._bind_view(place, instruction)
        else:
            self._bind_call(place, instruction)
        outs = tuple(map(self._array, instruction.outputs))
        placed = tuple(self._placed[output.index] for output in instruction.outputs)
        inner = tuple(self._inner)
        self.bound.append(Bound(instruction, ins, outs, len(self._calls) - calls, placed, inner))
        for root in self._liveness.dying(place):
            for key in (root, *self._copies.pop(root, ())):
                self._arena.release(key)

    def _bind_view(self, place: int, instruction: Instruction) -> None:
        source, target = instruction.inputs[0], instruction.outputs[0]
        array = self._array(source)
        lead = (self.members,) if self.is_batched(source) else ()
        view = VIEWS[instruction.primitive.name](self.backend.xp, array, instruction.params, lead)
        self._placed[target.index] = "view"
        if instruction.primitive.name == "reshape" and not self._shares(view, array):
            # the operand's elements do not lie in order: copy them in order, then look at the copy
            key = ("copy", target.index)
            copy = self._temporary(target, key)
            if not self._liveness.is_kept(target):
                self._copies[self._liveness.root(source)].append(key)
            source_shape = lead + source.shape
            self._calls.append(Call(self.backend.xp.copyto, (copy.reshape(source_shape), array)))
            view = copy
        self._arrays[target.index] = view

    def _shares(self, view: Array, array: Array) -> bool:
        return view.size == 0 or bool(self.backend.xp.shares_memory(view, array))

    def _bind_call(self, place: int, instruction: Instruction) -> None:
        outs = [self._result(place, instruction, output) for output in instruction.outputs]
        scratch: list[Array] = []

        def take_scratch(shape: tuple[int, ...], dtype: Any) -> Array:
            scratch.append(self._arena.temporary(("scratch", place, len(scratch)), shape, dtype))
            return scratch[-1]

        site = Site(
            self.backend.xp,
            instruction.params,
            [self._array(x) for x in instruction.inputs],
            outs,
            [self.is_batched(x) for x in instruction.inputs],
            take_scratch,
            self._nest,
        )
        self._calls += self.backend.kernels[instruction.primitive.name](site)
        for count in range(len(scratch)):
            self._arena.release(("scratch", place, count))

    def _result(self, place: int, instruction: Instruction, output: Tensor) -> Array:
        array = self._in_place(place, instruction, output)
        self._arrays[output.index] = self._temporary(output) if array is None else array
        return self._arrays[output.index]

    def _in_place(self, place: int, instruction: Instruction, output: Tensor) -> Array | None:
        """Return memory that exists for `output` to be computed in, and note which it is."""
        if output.index in self._targets:
            array, self._placed[output.index] = self._targets[output.index]
            return array
        for placed, find in (
            ("update", self._updated_in_place),
            ("joined", self._place_in_concatenation),
            ("over operand", self._over_operand),
        ):
            array = find(place, instruction, output)
            if array is not None:
                self._placed[output.index] = placed
                return array
        return None

    def _temporary(self, output: Tensor, key: Hashable = None) -> Array:
        before, key = self._arena.bytes, self._liveness.root(output) if key is None else key
        array = self._arena.temporary(key, self._shape(output), output.dtype)
        self._placed[output.index] = "reused" if self._arena.bytes == before else "new"
        return array

    def _updated_in_place(self, place: int, instruction: Instruction, output: Tensor) -> Array | None:
        """Return the buffer of the input that `output` updates, if nothing reads the old value any more."""
        for name, tensor in self.program.updates.items():
            held = self.program.inputs[name]
            if tensor.index != output.index or self._shape(held) != self._shape(output):
                continue
            buffer = self.inputs[name]
            if self._liveness.last_read(held) < place or (
                self._liveness.last_read(held) == place and self._may_overwrite(instruction, buffer)
            ):
                self._written_in_place.add(name)
                return buffer
        return None

    def _may_overwrite(self, instruction: Instruction, buffer: Array) -> bool:
        """Return whether each operand is apart from `buffer` or exactly it, in an elementwise instruction."""
        if instruction.primitive.role != "elementwise" or instruction.primitive.name == "where":
            return False
        xp = self.backend.xp
        return all(
            same_memory(xp, array, buffer) or not xp.may_share_memory(array, buffer)
            for array in map(self._array, instruction.inputs)
        )

    def _over_operand(self, place: int, instruction: Instruction, output: Tensor) -> Array | None:
        """Return a dying operand's buffer that an elementwise result of the same form may take over."""
        if instruction.primitive.role != "elementwise" or instruction.primitive.name == "where":
            return None
        for operand in instruction.inputs:
            array = self._array(operand)
            if (
                operand.index == self._liveness.root(operand)
                and operand.index in self._liveness.dying(place)
                and operand.dtype == output.dtype
                and array.shape == self._shape(output)
                and self._arena.holds(operand.index)
                and self._may_overwrite(instruction, array)
            ):
                self._arena.rename(operand.index, output.index)
                return array
        return None

    def _place_in_concatenation(self, place: int, instruction: Instruction, output: Tensor) -> Array | None:
        """Return the part of a later concatenation's result that `output` fills, or None."""
        found = self._liveness.concatenation(output)
        if found is None:
            return None
        whole, position = found
        if self.is_batched(whole.outputs[0]) != self.is_batched(output):
            return None
        target = self._concatenation_result(place, whole)
        part = places(target, whole.params, whole.inputs)[position]
        view = part.reshape(self._shape(output))
        return view if self._shares(view, part) and prod(view.shape) else None

    def _concatenation_result(self, place: int, whole: Instruction) -> Array:
        """Return where a concatenation is made, part by part from the instruction at `place` on."""
        output = whole.outputs[0]
        if output.index not in self._targets:
            updated = self._updated_in_place(place, whole, output)
            if updated is None:
                made = self._arena.temporary(output.index, self._shape(output), output.dtype)
                self._targets[output.index] = made, "joined"
            else:
                self._targets[output.index] = updated, "update"
        return self._targets[output.index][0]

    def _copy_updates(self) -> None:
        for name, tensor in self.program.updates.items():
            if name not in self._written_in_place:
                self._calls.append(Call(self.backend.xp.copyto, (self.inputs[name], self._kept(tensor))))

    def _kept(self, tensor: Tensor) -> Array:
        """Return a result's array; one that lies in an updated input is saved before the run changes it."""
        updated = {self.program.inputs[name].index for name in self.program.updates}
        if self._liveness.root(tensor) not in updated:
            return self._array(tensor)
        saved = self._arena.permanent(self._shape(tensor), tensor.dtype)
        self._calls.insert(0, Call(self.backend.xp.copyto, (saved, self._array(tensor))))
        return saved
