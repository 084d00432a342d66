"""Constant folding: what depends on constants alone is computed once, while binding."""

from __future__ import annotations

from pipeline.engine.graph import Instruction
from pipeline.engine.kernels import KERNELS, VIEWS, compute
from pipeline.engine.passes.plan import Plan, Rewriter

LARGEST = 1 << 16  # elements: a larger constant costs more memory than its computation costs time


def folded(plan: Plan) -> Plan:
    """Return the plan with constants in the place of what is computed from constants."""
    rewriter = Rewriter(plan)
    for instruction in plan.instructions:
        if _constant(instruction, rewriter):
            arrays = [rewriter.constants[x.index] for x in instruction.inputs]
            results = compute(instruction.primitive, arrays, instruction.params)
            for output, array in zip(instruction.outputs, results, strict=True):
                rewriter.constants[output.index] = array
        else:
            rewriter.keep(instruction)
    return rewriter.done()


def _constant(instruction: Instruction, rewriter: Rewriter) -> bool:
    """Return whether an instruction is a view of a constant, or small and of constants only."""
    if not all(x.index in rewriter.constants for x in instruction.inputs):
        return False
    name = instruction.primitive.name
    small = all(output.size <= LARGEST for output in instruction.outputs)
    return name in VIEWS or (name in KERNELS and name != "scan" and small)
