"""What binding decided for one instruction of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.engine.graph import Instruction
from pipeline.engine.kernels import Array

if TYPE_CHECKING:
    from pipeline.engine.executor import Executor


@dataclass(frozen=True)
class Bound:
    """An instruction as it was bound: operands and results in memory, how many calls it takes, how it lies.

    `placed` says of each result where it is: `view`, `new`, `reused` (memory that was handed on), `over
    operand`, `update` (in the input that it updates) or `joined` (in its place in a concatenation).
    `inner` are the programs that it runs: the step of a recurrence.
    """

    instruction: Instruction
    ins: tuple[Array, ...]
    outs: tuple[Array, ...]
    calls: int
    placed: tuple[str, ...]
    inner: tuple[Executor, ...] = ()
