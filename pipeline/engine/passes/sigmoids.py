"""A sigmoid in the four operations that its call makes, so that kernels may take those that are exact.

What is left is NumPy's exponential; the sign before it and the quotient after it join their neighbours.
"""

from __future__ import annotations

import numpy as np

from pipeline.engine.graph import Instruction, Spec, Tensor
from pipeline.engine.passes.plan import Plan, Rewriter
from pipeline.engine.primitives import PRIMITIVES


def opened(plan: Plan) -> Plan:
    """Return the plan with 1/(1 + e⁻ˣ) in the place of each sigmoid."""
    rewriter = Rewriter(plan)
    for old in plan.instructions:
        instruction = rewriter.taken(old)
        if instruction.primitive.name == "sigmoid":
            _open(rewriter, instruction.inputs[0], instruction.outputs[0])
        else:
            rewriter.keep(instruction)
    return rewriter.done()


def _open(rewriter: Rewriter, x: Tensor, output: Tensor) -> None:
    one = rewriter.new(output, Spec((1,) * output.ndim, output.dtype))
    rewriter.constants[one.index] = np.ones(one.shape, one.dtype)
    for name, others in (("negative", ()), ("exp", ()), ("add", (one,))):
        made = rewriter.new(output, output.spec)
        rewriter.keep(Instruction(PRIMITIVES[name], (x, *others), {}, (made,)))
        x = made
    rewriter.keep(Instruction(PRIMITIVES["reciprocal"], (x,), {}, (output,)))
