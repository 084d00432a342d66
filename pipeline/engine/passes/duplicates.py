"""Common subexpressions: what other passes made equal is computed once."""

from __future__ import annotations

from typing import Any

from pipeline.engine.graph import Instruction
from pipeline.engine.passes.plan import Plan, Rewriter


def merged(plan: Plan) -> Plan:
    """Return the plan with equal instructions made one.  (A trace has none; rewritten plans may.)"""
    rewriter = Rewriter(plan)
    seen: dict[Any, Instruction] = {}
    for old in plan.instructions:
        instruction = rewriter.taken(old)
        key = _key(instruction)
        results = any(output.index in plan.results for output in instruction.outputs)
        first = seen.get(key)
        if first is None or results:
            seen.setdefault(key, instruction)
            rewriter.keep(instruction)
            continue
        for output, other in zip(instruction.outputs, first.outputs, strict=True):
            rewriter.replace(output, other)
    return rewriter.done()


def _key(instruction: Instruction) -> Any:
    params = tuple(sorted(instruction.params.items(), key=lambda item: item[0]))
    return instruction.primitive.name, tuple(x.index for x in instruction.inputs), params
