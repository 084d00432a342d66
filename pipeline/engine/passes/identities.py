"""Algebra that changes no bit: x·1, x/1, x - 0, -(-x), a + (-b), casts of casts.

x + 0 is not among it (-0 + 0 is +0), x + (-0) is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.passes.plan import Plan, Rewriter
from pipeline.engine.primitives import PRIMITIVES

Rule = Callable[[Instruction, Rewriter], Tensor | Instruction | None]


def simplified(plan: Plan) -> Plan:
    """Return the plan without operations that give back an operand, and with cheaper forms of others."""
    rewriter = Rewriter(plan)
    for old in plan.instructions:
        instruction = rewriter.taken(old)
        rule = RULES.get(instruction.primitive.name)
        found = rule(instruction, rewriter) if rule else None
        if isinstance(found, Tensor) and _interchangeable(plan, instruction, found):
            rewriter.replace(instruction.outputs[0], found)
        else:
            rewriter.keep(found if isinstance(found, Instruction) else instruction)
    return rewriter.done()


def _interchangeable(plan: Plan, instruction: Instruction, other: Tensor) -> bool:
    """Return whether readers may take `other`: of the same form, and no matter how it lies in memory."""
    output = instruction.outputs[0]
    alike = other.spec == output.spec and (other.index in plan.batched) == (output.index in plan.batched)
    return alike and plan.any_layout(output)


def _is(x: Tensor, value: float, rewriter: Rewriter) -> bool:
    """Return whether `x` is a constant all of whose elements have the bits of `value`."""
    array = rewriter.constants.get(x.index)
    if array is None or array.size == 0 or array.dtype.kind != "f":
        return False
    return bool(np.all((array == value) & (np.signbit(array) == np.signbit(value))))


def _product(instruction: Instruction, rewriter: Rewriter) -> Tensor | None:
    a, b = instruction.inputs
    return b if _is(a, 1.0, rewriter) else a if _is(b, 1.0, rewriter) else None


def _quotient(instruction: Instruction, rewriter: Rewriter) -> Tensor | None:
    a, b = instruction.inputs
    return a if _is(b, 1.0, rewriter) else None


def _sum(instruction: Instruction, rewriter: Rewriter) -> Tensor | Instruction | None:
    a, b = instruction.inputs
    if _is(a, -0.0, rewriter) or _is(b, -0.0, rewriter):
        return b if _is(a, -0.0, rewriter) else a
    for kept, other in ((a, b), (b, a)):
        negated = rewriter.maker(other, "negative")
        if negated is not None:
            return _made(instruction, "subtract", kept, negated.inputs[0])
    return None


def _difference(instruction: Instruction, rewriter: Rewriter) -> Tensor | Instruction | None:
    a, b = instruction.inputs
    if _is(b, 0.0, rewriter):
        return a
    negated = rewriter.maker(b, "negative")
    return _made(instruction, "add", a, negated.inputs[0]) if negated is not None else None


def _made(instruction: Instruction, name: str, *inputs: Tensor) -> Instruction:
    return Instruction(PRIMITIVES[name], inputs, {}, instruction.outputs)


def _negation(instruction: Instruction, rewriter: Rewriter) -> Tensor | None:
    negated = rewriter.maker(instruction.inputs[0], "negative")
    return negated.inputs[0] if negated is not None else None


def _cast(instruction: Instruction, rewriter: Rewriter) -> Tensor | Instruction | None:
    x, output = instruction.inputs[0], instruction.outputs[0]
    if x.dtype == output.dtype:
        return x
    inner = rewriter.maker(x, "cast")
    if inner is None or not np.can_cast(inner.inputs[0].dtype, x.dtype, "safe"):
        return None
    source = inner.inputs[0]
    if source.dtype == output.dtype:
        return source
    return Instruction(instruction.primitive, (source,), instruction.params, instruction.outputs)


RULES: Mapping[str, Rule] = {
    "multiply": _product,
    "divide": _quotient,
    "add": _sum,
    "subtract": _difference,
    "negative": _negation,
    "cast": _cast,
}
