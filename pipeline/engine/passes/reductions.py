"""Reductions with what feeds them and what they feed: softmax with cross-entropy, biases and their gradients.

Sums keep NumPy's order, so these groups give the bits of the calls that they replace.
"""

from __future__ import annotations

from pipeline.engine.fusion import fusable, reduction
from pipeline.engine.graph import Instruction
from pipeline.engine.passes.chains import elements, rebuilt
from pipeline.engine.passes.grouping import Group, Grouping
from pipeline.engine.passes.plan import Plan

LEAST_ELEMENTS = 1 << 10  # of all members


def reduced(plan: Plan) -> Plan:
    """Return the plan with reductions joined to the elementwise instructions around them."""
    grouping = Grouping(plan, _fits)
    grouping.grow()
    return rebuilt(plan, grouping, [group for group in grouping.groups() if _pays(group, grouping)])


def _fits(instruction: Instruction) -> bool:
    return fusable(instruction) or reduction(instruction) is not None


def _pays(group: Group, grouping: Grouping) -> bool:
    found = {reduction(grouping.instructions[place]) for place in group} - {None}
    # a column's sum alone is a loop of vectors in NumPy already; a short row's is mostly calls
    worth = len(group) > 1 or bool(found - {"column_sum"})
    large = elements(grouping.form_of(group), grouping.plan) >= LEAST_ELEMENTS
    return bool(found) and worth and large
