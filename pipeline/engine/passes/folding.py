"""Constant folding: what depends on constants alone is computed once, while binding."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.graph import Instruction, Spec, Tensor
from pipeline.engine.kernels import KERNELS, VIEWS, compute
from pipeline.engine.passes.plan import Plan, Rewriter
from pipeline.engine.primitives import PRIMITIVES

LARGEST = 1 << 16  # elements: a larger constant costs more memory than its computation costs time


def folded(plan: Plan) -> Plan:
    """Return the plan with constants in the place of what is computed from constants.

    A constant of equal elements becomes one number, stretched, which other passes see through.
    """
    rewriter = Rewriter(plan)
    for instruction in plan.instructions:
        if not _constant(instruction, rewriter):
            rewriter.keep(instruction)
            continue
        arrays = [rewriter.constants[x.index] for x in instruction.inputs]
        results = compute(instruction.primitive, arrays, instruction.params)
        for output, array in zip(instruction.outputs, results, strict=True):
            rewriter.constants[output.index] = array
            if output.size > 1 and _uniform(array) and _may_stretch(plan, output, array):
                _stretch(rewriter, output, array)
    return rewriter.done()


def _constant(instruction: Instruction, rewriter: Rewriter) -> bool:
    """Return whether an instruction is a view of a constant, or small and of constants only."""
    if not all(x.index in rewriter.constants for x in instruction.inputs):
        return False
    name = instruction.primitive.name
    small = all(output.size <= LARGEST for output in instruction.outputs)
    return name in VIEWS or (name in KERNELS and name != "scan" and small)


def _uniform(array: npt.NDArray[Any]) -> bool:
    """Return whether all elements have the same bits."""
    first = array[(slice(0, 1),) * array.ndim]
    same = np.ascontiguousarray(array).view(np.uint8).reshape(-1, array.itemsize)
    return bool(np.all(same == np.ascontiguousarray(first).view(np.uint8).reshape(-1)))


def _may_stretch(plan: Plan, output: Tensor, array: npt.NDArray[Any]) -> bool:
    """Return whether nothing depends on how the constant lies, or it lies stretched already."""
    return plan.any_layout(output) or not any(array.strides)


def _stretch(rewriter: Rewriter, output: Tensor, array: npt.NDArray[Any]) -> None:
    number = rewriter.new(output, Spec((1,) * array.ndim, array.dtype))
    rewriter.constants[number.index] = np.array(array[(slice(0, 1),) * array.ndim])
    rewriter.add(PRIMITIVES["broadcast_to"], [number], {"shape": output.shape}, output)
