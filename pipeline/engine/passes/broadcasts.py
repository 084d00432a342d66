"""Elementwise operations on stretched operands: computed before they are stretched, where that may be."""

from __future__ import annotations

from pipeline.engine.graph import Instruction, Spec, Tensor
from pipeline.engine.kernels import EXACT
from pipeline.engine.passes.plan import Plan, Rewriter
from pipeline.engine.primitives import PRIMITIVES

# The others round by how their operands lie: a stretched operand would take another loop of NumPy's.
INDIFFERENT = frozenset((*EXACT, "abs", "relu", "gate", "where", "cast"))


def sunk(plan: Plan) -> Plan:
    """Return the plan with `broadcast_to` after elementwise operations, or left out where they stretch."""
    rewriter = Rewriter(plan)
    for old in plan.instructions:
        instruction = rewriter.taken(old)
        narrow = _narrow(instruction, rewriter)
        if (narrow is not None and not _stretched(plan, instruction, narrow, rewriter)) or narrow is None:
            rewriter.keep(instruction)
    return rewriter.done()


def _narrow(instruction: Instruction, rewriter: Rewriter) -> tuple[Tensor, ...] | None:
    """Return the operands before they are stretched, or None if there is nothing to gain."""
    if instruction.primitive.name not in INDIFFERENT:
        return None
    makers = [rewriter.maker(x, "broadcast_to") for x in instruction.inputs]
    if not any(makers):
        return None
    pairs = zip(instruction.inputs, makers, strict=True)
    return tuple(x if maker is None else maker.inputs[0] for x, maker in pairs)


def _stretched(plan: Plan, instruction: Instruction, narrow: tuple[Tensor, ...], rewriter: Rewriter) -> bool:
    """Append the operation on narrow operands, stretched afterwards if need be; False if that must not be."""
    output = instruction.outputs[0]
    (spec,) = instruction.primitive.infer([x.spec for x in narrow], instruction.params)
    if spec.shape == output.shape:
        rewriter.add(instruction.primitive, narrow, instruction.params, output)
        return True
    if not plan.any_layout(output):
        return False
    small = rewriter.new(output, Spec(spec.shape, output.dtype))
    rewriter.add(instruction.primitive, narrow, instruction.params, small)
    rewriter.add(PRIMITIVES["broadcast_to"], [small], {"shape": output.shape}, output)
    return True
