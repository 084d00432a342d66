"""Elementwise chains: intermediate results stay in registers instead of passing through memory."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from pipeline.engine.fusion import FUSED, ROWS, Form, fusable, joined, reduction
from pipeline.engine.graph import Instruction
from pipeline.engine.passes.grouping import Group, Grouping
from pipeline.engine.passes.plan import Plan

LEAST_STEPS = 2
LEAST_ELEMENTS = 1 << 12  # of all members: for fewer a kernel's call costs what it saves


def chained(plan: Plan) -> Plan:
    """Return the plan with elementwise instructions of one form joined."""
    grouping = Grouping(plan, fusable)
    grouping.grow()
    return rebuilt(plan, grouping, [group for group in grouping.groups() if _pays(group, grouping)])


def _pays(group: Group, grouping: Grouping) -> bool:
    return len(group) >= LEAST_STEPS and elements(grouping.form_of(group), grouping.plan) >= LEAST_ELEMENTS


def elements(form: Form, plan: Plan) -> int:
    """Return how many elements of all members a group of `form` walks."""
    return prod(form.shape) * (plan.members if form.members else 1)


def rebuilt(plan: Plan, grouping: Grouping, chosen: list[Group]) -> Plan:
    """Return the plan with each of the chosen groups, and what only it reads, as one instruction."""
    taken = {place for group in chosen for place in group}
    forms: dict[int, Form] = {}
    grown = []
    for group in chosen:
        wanted = grouping.form_of(group)
        whole = [place for place in grouping.absorb(group, wanted) if place in group or place not in taken]
        taken.update(whole)
        forms[whole[0]] = wanted
        grown.append(whole)
    instructions = []
    for unit in grouping.ordered(grown):
        members = [plan.instructions[place] for place in unit]
        walked = forms.get(unit[0])
        instructions.append(_joined(members, walked, plan, grouping) if walked else members[0])
    return plan.with_instructions(instructions)


def _joined(group: list[Instruction], wanted: Form, plan: Plan, grouping: Grouping) -> Instruction:
    """Return a group as `fused` where it computes its form alone, as `rows` where it reduces as well."""
    found = joined(group, plan, grouping.source, FUSED, shape=wanted.shape)
    plain = not any(map(reduction, group)) and all(x.shape == wanted.shape for x in found.outputs)
    return found if plain else replace(found, primitive=ROWS)
