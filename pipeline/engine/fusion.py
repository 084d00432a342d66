"""Groups of instructions that one kernel computes, and how a kernel is described.

Only operations are joined that IEEE 754 rounds correctly, that round nothing, or that a kernel rounds as
NumPy does: a kernel gives the bits of the calls that it replaces.  A group walks one *form*, the shape that
most of its results have.  Beside them it may compute numbers of a row (last axis 1), numbers of all, sums
and extremes along the last axis, and sums along the last axis but one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.engine import exponential
from pipeline.engine.graph import Instruction, Params, Primitive, Spec, Tensor

if TYPE_CHECKING:
    from pipeline.engine.passes.plan import Plan

ARITHMETIC = frozenset(
    "add subtract multiply divide negative square sqrt reciprocal abs sign relu gate".split()
)
CHOICES = frozenset(
    "where cast equal not_equal less less_equal greater greater_equal logical_and logical_or logical_not "
    "maximum minimum".split()
)
FUSABLE = ARITHMETIC | CHOICES  # and `exp`, where a kernel can compute it as NumPy does
ROW_REDUCTIONS = frozenset("sum max min".split())
LONGEST_ROW = 128  # NumPy adds up to 128 numbers in one block of its pairwise summation

Placed = tuple[str, int]  # ("in", operand) or ("step", earlier step)


@dataclass(frozen=True)
class Step:
    """One operation of a kernel: its name, where its operands come from, the dtype of its result.

    Names are those of primitives; `sum`, `max` and `min` run along the last axis, `column_sum` along the
    last but one.
    """

    name: str
    operands: tuple[Placed, ...]
    dtype: str


@dataclass(frozen=True)
class Form:
    """What a group walks: whether there is a member axis, the shape for one member, the float type."""

    members: bool
    shape: tuple[int, ...]
    dtype: str

    @property
    def row(self) -> Form:
        """The form of the numbers that each row has."""
        return Form(self.members, (*self.shape[:-1], 1), self.dtype)

    def joined(self, other: Form) -> Form | None:
        """Return the form of a group that walks both, or None."""
        dtypes = {self.dtype, other.dtype} - {""}  # masks alone have no float type
        if self.members != other.members or len(dtypes) > 1:
            return None
        dtype = next(iter(dtypes), "")
        for wide, narrow in ((self, other), (other, self)):
            if narrow.shape in (wide.shape, wide.row.shape):
                return Form(self.members, wide.shape, dtype)
        return None


def _infer(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    raise NotImplementedError("fused instructions are made from inferred ones")


# `fused` computes results of its form alone and may write over an operand; `rows` reduces, too.
FUSED = Primitive("fused", _infer, "elementwise")
ROWS = Primitive("rows", _infer)


def form(instruction: Instruction, plan: Plan) -> Form | None:
    """Return the form of a group that `instruction` may be in, None if it may be in none."""
    output = instruction.outputs[0]
    dtypes = {x.dtype.name for x in (*instruction.inputs, output) if x.dtype.kind == "f"}
    if len(dtypes) > 1 or output.dtype.kind not in "fb":
        return None
    dtype = next(iter(dtypes), "")
    members = output.index in plan.batched
    if fusable(instruction):
        return Form(members, output.shape, dtype) if _exact(instruction) else None
    return Form(members, instruction.inputs[0].shape, dtype) if reduction(instruction) else None


def fusable(instruction: Instruction) -> bool:
    """Return whether a kernel computes an elementwise instruction with the bits of its call."""
    if instruction.primitive.name == "exp":
        return instruction.outputs[0].dtype.name == "float32" and exponential.as_numpy()
    return instruction.primitive.name in FUSABLE


def _exact(instruction: Instruction) -> bool:
    """Arithmetic is on floats, logic on masks; a kernel turns masks alone into numbers."""
    name, kinds = instruction.primitive.name, {x.dtype.kind for x in instruction.inputs}
    if name in ARITHMETIC | {"maximum", "minimum"}:
        return kinds == {"f"}
    if name in ("logical_and", "logical_or", "logical_not", "cast"):
        return kinds == {"b"}
    return name != "where" or instruction.outputs[0].dtype.kind == "f"


def reduction(instruction: Instruction) -> str | None:
    """Return how a kernel calls a reduction that it can compute in NumPy's order, else None."""
    name, x = instruction.primitive.name, instruction.inputs[0]
    if name not in ROW_REDUCTIONS or x.dtype.kind != "f":
        return None
    if instruction.params["axis"] == -1 and 1 < x.shape[-1] <= LONGEST_ROW:
        return name
    # one column would be contiguous, and NumPy would add it in pairs
    down = x.ndim >= 2 and x.size == x.shape[-2] * x.shape[-1] and x.shape[-1] > 1 and x.shape[-2] > 1
    return "column_sum" if name == "sum" and instruction.params["axis"] == -2 and down else None


def step_name(instruction: Instruction) -> str:
    """Return what the operation of an instruction is called as a step."""
    return reduction(instruction) or instruction.primitive.name


Source = Callable[[Tensor], Tensor]


class Sources:
    """Looks through views that change nothing for a kernel: stretched operands, numbers in another rank."""

    def __init__(self, instructions: Sequence[Instruction]):
        self._views = {
            instruction.outputs[0].index: instruction.inputs[0]
            for instruction in instructions
            if _transparent(instruction)
        }

    def __call__(self, x: Tensor) -> Tensor:
        """Return the tensor that a kernel reads for `x`."""
        while x.index in self._views:
            x = self._views[x.index]
        return x


def _transparent(instruction: Instruction) -> bool:
    name, single = instruction.primitive.name, instruction.inputs[0].size == 1
    return name in ("broadcast_to", "stop_gradient") or (name == "reshape" and single)


def joined(
    group: Sequence[Instruction], plan: Plan, source: Source, primitive: Primitive = FUSED, **params: Any
) -> Instruction:
    """Return the one instruction that computes what others need of a group, in this order.

    `source` says which tensor a kernel reads for an operand: itself, or what it is a view of.
    """
    steps, inputs = _steps(group, source)
    kept = [place for place, one in enumerate(group) if _needed(one, group, plan, source)]
    outputs = tuple(group[place].outputs[0] for place in kept)
    elements = tuple(max(x.size for x in (*one.inputs, *one.outputs)) for one in group)
    known = {"steps": tuple(steps), "kept": tuple(kept), "elements": elements, **params}
    return Instruction(primitive, tuple(inputs.values()), known, outputs)


def _steps(group: Sequence[Instruction], source: Source) -> tuple[list[Step], Mapping[int, Tensor]]:
    made: dict[int, int] = {}
    inputs: dict[int, Tensor] = {}
    steps = []
    for place, instruction in enumerate(group):
        operands: list[Placed] = []
        for x in map(source, instruction.inputs):
            if x.index in made:
                operands.append(("step", made[x.index]))
            else:
                inputs.setdefault(x.index, x)
                operands.append(("in", list(inputs).index(x.index)))
        output = instruction.outputs[0]
        steps.append(Step(step_name(instruction), tuple(operands), output.dtype.name))
        made[output.index] = place
    return steps, inputs


def _needed(one: Instruction, group: Sequence[Instruction], plan: Plan, source: Source) -> bool:
    output = one.outputs[0]
    inside = {id(member) for member in group}
    return output.index in plan.results or _read_outside(output, inside, plan, source)


def _read_outside(x: Tensor, inside: set[int], plan: Plan, source: Source) -> bool:
    """Return whether anything outside reads `x`, not counting views that the group looks through."""
    for reader in plan.readers.get(x.index, ()):
        if id(reader) in inside:
            continue
        output = reader.outputs[0]
        through = source(output) is source(x) and output.index not in plan.results
        if not through or _read_outside(output, inside, plan, source):
            return True
    return False
