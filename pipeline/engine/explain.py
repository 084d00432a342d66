"""A plan in words and numbers: what each instruction reads, writes and computes, and where its results lie.

Bytes are those of the arrays that an instruction's calls touch, each counted once; a view costs none.
Flops count a multiplication, an addition, a comparison, an exponential as one each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from pipeline.engine.backends import Backend
from pipeline.engine.bound import Bound
from pipeline.engine.executor import Executor
from pipeline.engine.graph import Instruction
from pipeline.engine.kernels import VIEWS, Array
from pipeline.engine.passes import ALL
from pipeline.engine.program import Program


@dataclass(frozen=True)
class Row:
    """An instruction of a plan.  Shapes are those of one member.

    `members` is how many it computes (0: what it computes is shared by all); `calls` are those that a run
    makes for it; `placed` says where its results lie, in the words of `bound.Bound`; `note` what else
    is worth knowing.
    """

    operation: str
    reads: tuple[tuple[int, ...], ...]
    makes: tuple[tuple[int, ...], ...]
    members: int
    bytes_read: int
    bytes_written: int
    flops: int
    calls: int
    placed: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Explained:
    """A bound plan: its rows, and the memory that inputs, results and scratch take together."""

    passes: tuple[str, ...]
    rows: tuple[Row, ...]
    memory: int

    @property
    def calls(self) -> int:
        """The calls of a run."""
        return sum(row.calls for row in self.rows)

    @property
    def flops(self) -> int:
        """The floating-point operations of a run."""
        return sum(row.flops for row in self.rows)

    @property
    def bytes_read(self) -> int:
        """The bytes that a run's calls read."""
        return sum(row.bytes_read for row in self.rows)

    @property
    def bytes_written(self) -> int:
        """The bytes that a run's calls write."""
        return sum(row.bytes_written for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return plain records: the rows and the totals."""
        totals = {name: getattr(self, name) for name in ("calls", "flops", "bytes_read", "bytes_written")}
        return {**asdict(self), **totals}

    def __str__(self) -> str:
        from pipeline.engine.plan_table import table

        return table(self)


@dataclass(frozen=True)
class Comparison:
    """The plan of a program as it was traced, and after passes."""

    before: Explained
    after: Explained

    def to_json(self) -> dict[str, Any]:
        """Return plain records of both."""
        return {"before": self.before.to_json(), "after": self.after.to_json()}

    def __str__(self) -> str:
        after = f"after {', '.join(self.after.passes) or 'no pass'}"
        return f"as traced\n{self.before}\n\n{after}\n{self.after}"


def explain(
    program: Program,
    members: int,
    batched: Collection[str],
    backend: Backend,
    passes: Collection[str] = ALL,
) -> Comparison:
    """Bind a program without and with `passes`, and explain both.  Nothing is run or compiled."""
    plans = (program.bind(members, batched, backend, names) for names in ((), passes))
    return Comparison(*map(explained, plans))


def explained(executor: Executor) -> Explained:
    """Explain the plan that an executor runs."""
    rows = tuple(_row(bound, executor) for bound in executor.bound)
    copies = executor.calls - sum(row.calls for row in rows)
    if copies:
        rows = (*rows, _copies(executor, copies))
    return Explained(tuple(executor.passes), rows, executor.bytes)


def _row(bound: Bound, executor: Executor) -> Row:
    instruction = bound.instruction
    members = executor.members if any(map(executor.is_batched, instruction.outputs)) else 0
    touched = bound.calls > 0
    return Row(
        operation=_operation(instruction),
        reads=tuple(x.shape for x in instruction.inputs),
        makes=tuple(x.shape for x in instruction.outputs),
        members=members,
        bytes_read=sum(map(_bytes, _distinct(bound.ins))) if touched else 0,
        bytes_written=sum(map(_bytes, bound.outs)) if touched else 0,
        flops=_flops(bound) * max(members, 1),
        calls=bound.calls,
        placed=bound.placed,
        note=_note(bound),
    )


def _copies(executor: Executor, count: int) -> Row:
    """Return the row of the copies that no instruction makes: updates that had to wait, outputs saved."""
    plan = executor.plan
    waiting = [x for name, x in plan.updates.items() if executor.copied(name)]
    size = sum(_bytes(executor.inputs[name]) for name in plan.updates if executor.copied(name))
    shapes = tuple(x.shape for x in waiting)
    note = "updates and outputs that could not be computed where they belong"
    return Row("copy", shapes, shapes, executor.members, size, size, 0, count, ("update",), note)


def _operation(instruction: Instruction) -> str:
    name = instruction.primitive.name
    if "steps" not in instruction.params:
        return name
    return f"{name}({' '.join(step.name for step in instruction.params['steps'])})"


def _distinct(arrays: Iterable[Array]) -> list[Array]:
    return list({id(array): array for array in arrays}.values())


def _bytes(array: Array) -> int:
    """Return the size of an array's distinct elements: a stretched axis counts once."""
    pairs = zip(array.shape, array.strides, strict=True)
    return int(prod(n if stride else min(n, 1) for n, stride in pairs) * array.itemsize)


def _flops(bound: Bound) -> int:
    """Return the operations for one member; of a recurrence those of its step as it was planned."""
    instruction = bound.instruction
    if instruction.primitive.name != "scan":
        return flops(instruction)
    planned = (one for inner in bound.inner for one in inner.plan.instructions)
    return int(instruction.params["length"]) * sum(map(flops, planned))


def flops(instruction: Instruction) -> int:
    """Return the operations of an instruction for one member."""
    name, params, ins = instruction.primitive.name, instruction.params, instruction.inputs
    out = instruction.outputs[0]
    if name == "matmul":
        return 2 * out.size * ins[0].shape[-1]
    if name == "convolve":
        return 2 * out.size * ins[1].shape[0]
    if name == "convolve_weights":
        return 2 * ins[1].size * out.shape[0]
    if name == "scan":
        return int(params["length"]) * sum(map(flops, params["body"].instructions))
    if "elements" in params:
        return sum(params["elements"])
    if name in VIEWS or name in MOVES:
        return 0
    return max(x.size for x in (*ins, out))


MOVES = frozenset("cast concatenate unslice take".split())


def _note(bound: Bound) -> str:
    instruction = bound.instruction
    name = instruction.primitive.name
    if name == "matmul":
        forms = [matrix_form(array) for array in bound.ins]
        sides = zip("AB", forms, bound.ins, strict=True)
        return ", ".join(f"{side} {_side(form, array)}" for side, form, array in sides)
    if name == "scan":
        return f"{instruction.params['length']} steps of {_instructions_of_a_step(bound)}"
    copies = bound.calls > 0 and name in VIEWS
    return "copied: the operand does not lie in order" if copies else ""


def _instructions_of_a_step(bound: Bound) -> str:
    """Return what a step runs, views left out: `5 instructions (matmul, add, 2 tanh, multiply)`."""
    names = [row.operation for inner in bound.inner for row in explained(inner).rows if row.calls]
    counts = Counter(names)
    words = (name if count == 1 else f"{count} {name}" for name, count in counts.items())
    return f"{len(names)} instructions ({', '.join(words)})"


def _side(form: str, array: Array) -> str:
    shared = array.ndim > 2 and array.strides[0] == 0
    return f"{form}, shared" if shared else form


def matrix_form(array: Array) -> str:
    """Return how BLAS takes the last two axes: `plain`, `transposed`, or `loop` where it cannot take them."""
    rows, columns = array.shape[-2:]
    down, right = (stride // array.itemsize for stride in array.strides[-2:])
    if (right == 1 or columns == 1) and (down >= columns or rows == 1):
        return "plain"
    if (down == 1 or rows == 1) and (right >= rows or columns == 1):
        return "transposed"
    return "loop"
