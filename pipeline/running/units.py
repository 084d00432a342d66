"""Units: the instances that one task computes, and which units must be there before.

A cohort is a unit.  Other instances of a node that wait for the same units share one, up to a share for
each worker: scoring the members of a cohort is one task, not one for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dag.cohorts import Cohort

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance
    from pipeline.running.plan import Plan

MOST_TOGETHER = 64


@dataclass(frozen=True)
class Unit:
    """Instances of one node that a task computes together; `name` is the task's key.

    A `suspect` has been on workers that died: it runs with nothing beside it, so that it is known who did it.
    """

    name: str
    instances: tuple[Instance, ...]
    suspect: bool = False

    @property
    def node(self) -> str:
        """The node."""
        return self.instances[0].node

    @property
    def kind(self) -> str:
        """The kind of the node's stage."""
        return self.instances[0].place.spec.kind

    @property
    def cohort(self) -> Cohort | None:
        """The unit as a cohort, where the node trains."""
        return Cohort(self.node, self.instances) if self.kind == "train" else None


class Units:
    """All units of a plan.  Names are unique in a run; a unit that is tried again has another name."""

    def __init__(self, plan: Plan, run: str):
        self._plan = plan
        self._run = run
        self._counts: dict[str, int] = {}
        self._of: dict[int, str] = {}
        self._all: list[Unit] = []
        by_node: dict[str, list[Cohort]] = {}
        for cohort in plan.cohorts:
            by_node.setdefault(cohort.node, []).append(cohort)
        to_run: dict[str, list[Instance]] = {}
        for instance in plan.to_run:
            to_run.setdefault(instance.node, []).append(instance)
        for node, instances in to_run.items():
            groups = [c.members for c in by_node[node]] if node in by_node else self._grouped(instances)
            self._all.extend(self.make(group) for group in groups)

    def make(self, instances: Sequence[Instance], *, suspect: bool = False) -> Unit:
        """Make a unit; from now on its instances are computed there."""
        node = instances[0].node
        self._counts[node] = self._counts.get(node, 0) + 1
        unit = Unit(f"{self._run}/{node}-{self._counts[node]}", tuple(instances), suspect)
        self._of.update({instance.id: unit.name for instance in instances})
        return unit

    def alone(self, instance: int) -> Unit:
        """Make a unit of one instance, given by its id."""
        return self.make([self._plan.expansion.instances[instance]])

    def before(self, unit: Unit) -> list[str]:
        """Return the names of the units whose results `unit` takes."""
        return list(dict.fromkeys(self._of[i] for i in sources(unit) if i in self._of))

    def unit_of(self, instance: int) -> str:
        """Return the name of the unit that computes an instance, "" if none does."""
        return self._of.get(instance, "")

    def ordered(self) -> Iterator[Unit]:
        """Yield the units, each after those it waits for, and as soon as these are through.

        So scores come right after their cohort, and not after all cohorts.
        """
        waits = {unit.name: len(self.before(unit)) for unit in self._all}
        after: dict[str, list[Unit]] = {unit.name: [] for unit in self._all}
        for unit in self._all:
            for name in self.before(unit):
                after[name].append(unit)
        stack = [unit for unit in reversed(self._all) if not waits[unit.name]]
        while stack:
            unit = stack.pop()
            yield unit
            for following in reversed(after[unit.name]):
                waits[following.name] -= 1
                if not waits[following.name]:
                    stack.append(following)

    def _grouped(self, instances: Sequence[Instance]) -> Iterator[list[Instance]]:
        groups: dict[frozenset[str], list[Instance]] = {}
        for instance in instances:
            before = frozenset(self._of[i] for many in instance.sources for i in many if i in self._of)
            groups.setdefault(before, []).append(instance)
        for group in groups.values():
            share = min(MOST_TOGETHER, -(-len(group) // self._plan.workers))
            yield from (group[start : start + share] for start in range(0, len(group), share))


def sources(unit: Unit) -> Iterator[int]:
    """Yield the ids of the instances that a unit takes."""
    for instance in unit.instances:
        for many in instance.sources:
            yield from many
