"""What a run will do, known before it starts: keys, what is stored, what runs, in which cohorts.

An instance runs if its result is wanted, or needed by one that runs, and is not in the store.  So a
data set that was removed is loaded again only where something is to be trained on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.dag.cohorts import WIDTH, Cohort, cohorts
from pipeline.dag.trials import Expansion, expand
from pipeline.errors import UserError
from pipeline.running.naming import Keys
from pipeline.running.selection import Selection, select_nodes
from pipeline.running.stored import Stored

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance
    from pipeline.dag.spec import Dag
    from pipeline.running.estimate import Estimate
    from pipeline.running.store import Store

CACHED, RUN, IDLE = "cached", "run", "idle"


@dataclass(frozen=True)
class Plan:
    """A plan: `states` has for each instance id whether it is `cached`, will `run`, or is not needed: `idle`.

    `fresh` are instances that run although something is stored for them.  `estimates` has what is known
    of each cohort's size, None where its data set is not in the store yet.
    """

    dag: Dag
    expansion: Expansion
    keys: Keys
    selection: Selection
    states: list[str]
    fresh: frozenset[int]
    cohorts: list[Cohort]
    stored: Stored
    backend: str
    workers: int
    width: int
    estimates: list[Estimate | None] = field(default_factory=list)

    @cached_property
    def to_run(self) -> list[Instance]:
        """The instances that will run, each after what it takes."""
        return [i for i, state in zip(self.expansion.instances, self.states, strict=True) if state == RUN]

    @cached_property
    def cached(self) -> list[Instance]:
        """The instances whose stored results this run hands back or builds on."""
        pairs = zip(self.expansion.instances, self.states, strict=True)
        return [i for i, state in pairs if state == CACHED and i.node in self.selection.nodes]

    @cached_property
    def trials(self) -> list[tuple[int, ...]]:
        """By instance id, the numbers of the trials that it serves."""
        served: list[tuple[int, ...]] = []  # by node, in the order of ids: with many trials each byte counts
        for node, numbers in self.expansion.of_trial.items():
            ids = self.expansion.ids[node]
            found: list[list[int]] = [[] for _ in ids]
            for trial, instance in zip(self.expansion.trials, numbers, strict=True):
                found[instance - ids.start].append(trial.number)
            served += map(tuple, found)
        return served

    @cached_property
    def widest(self) -> int:
        """How many tasks can run side by side at most: the cohorts, or the other instances, of one node."""
        counts = Counter(cohort.node for cohort in self.cohorts)
        others = Counter(i.node for i in self.to_run if i.node not in counts)
        return max((counts | others).values(), default=0)

    @property
    def concerned(self) -> list[Instance]:
        """The instances that this run has something to say of: those cached and those that will run."""
        return sorted((*self.cached, *self.to_run), key=lambda instance: instance.id)

    def trials_of(self, instance: Instance) -> tuple[str, ...]:
        """Return the ids of the trials that an instance serves."""
        return tuple(self.expansion.trials[number].id for number in self.trials[instance.id])

    def counts(self) -> dict[str, Counter[str]]:
        """Return by node how many instances are in which state."""
        found: dict[str, Counter[str]] = {node: Counter() for node in self.expansion.places}
        for instance, state in zip(self.expansion.instances, self.states, strict=True):
            found[instance.node][state] += 1
        return found

    @property
    def memory(self) -> int | None:
        """The bytes that the workers' cohorts take at once, None if a cohort's size is not known."""
        sizes = [estimate.bytes if estimate else None for estimate in self.estimates]
        if None in sizes:
            return None
        return sum(sorted((size for size in sizes if size is not None), reverse=True)[: self.workers])

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        return {
            "name": self.dag.name,
            "trials": len(self.expansion.trials),
            "backend": self.backend,
            "dtype": self.dag.dtype,
            "workers": self.workers,
            "width": self.width,
            "nodes": {node: self._node_json(node, counts) for node, counts in self.counts().items()},
            "cohorts": [self._cohort_json(*pair) for pair in zip(self.cohorts, self.estimates, strict=True)],
            "memory": self.memory,
        }

    def _node_json(self, node: str, counts: Mapping[str, int]) -> dict[str, Any]:
        spec = self.dag.nodes[node]
        states = {"runs": counts[RUN], "cached": counts[CACHED], "idle": counts[IDLE]}
        return {"stage": spec.stage, "instances": len(self.expansion.ids[node]), **states}

    def _cohort_json(self, cohort: Cohort, estimate: Estimate | None) -> dict[str, Any]:
        size = {"parameters": None, "bytes": None, "abreast": None} if estimate is None else asdict(estimate)
        return {"node": cohort.node, "members": len(cohort.members), "first": cohort.members[0].label, **size}


def make_plan(
    dag: Dag,
    store: Store,
    *,
    workers: int,
    backend: str = "numpy",
    width: int = WIDTH,
    frm: str | None = None,
    to: str | None = None,
    only: str | None = None,
    given: Mapping[str, str] | None = None,
    verify: bool = False,
) -> Plan:
    """Plan a run of `dag` on results that `store` has.

    `frm` names a node that runs again with all that depends on it, `to` the node that is wanted, `only`
    the one that may run.  `given` are keys of data sets by the node whose place they take.  `verify`
    reads stored results whole.  UserError for names that are not there, and for what `only` lacks.
    """
    selection = select_nodes(dag, frm, to, only)
    expansion = expand(dag)
    keys = Keys(expansion, dag.registry, dag.dtype, backend, given or {})
    stored = Stored(store, verify)
    states, fresh = _states(expansion, keys, selection, stored)
    among = {i for i, state in enumerate(states) if state == RUN}
    packed = cohorts(expansion, width, workers, among)
    return Plan(
        dag,
        expansion,
        keys,
        selection,
        states,
        fresh,
        packed,
        stored,
        backend,
        workers,
        width,
        [None] * len(packed),
    )


def _states(
    expansion: Expansion, keys: Keys, selection: Selection, stored: Stored
) -> tuple[list[str], frozenset[int]]:
    instances = expansion.instances
    there = [stored.has(keys[instance.id]) for instance in instances]
    fresh = _fresh(expansion, keys, selection, stored, there)
    needed = [instance.node in selection.wanted for instance in instances]
    states = [IDLE] * len(instances)
    for instance in reversed(instances):
        i = instance.id
        if there[i] and i not in fresh:
            states[i] = CACHED
        elif needed[i] and instance.node in selection.nodes:
            states[i] = RUN
            for source in (source for many in instance.sources for source in many):
                needed[source] = True
        elif needed[i]:
            raise _absent(instance, selection)
    return states, frozenset(i for i in fresh if states[i] == RUN)


def _fresh(
    expansion: Expansion, keys: Keys, selection: Selection, stored: Stored, there: list[bool]
) -> set[int]:
    """Return what runs though it is stored: as asked, gathers that lacked members, and what takes those."""
    fresh: set[int] = set()
    for instance in expansion.instances:
        if instance.node not in selection.nodes:
            continue
        partial = (
            bool(instance.place.gathered) and there[instance.id] and stored.lacks_members(keys[instance.id])
        )
        stale = any(source in fresh for many in instance.sources for source in many)
        if instance.node in selection.again or partial or stale:
            fresh.add(instance.id)
    return fresh


def _absent(instance: Instance, selection: Selection) -> UserError:
    return UserError(
        f"--only {selection.only}: its input {instance.label} is not in the store\n"
        f"    run once with --to {selection.only}, which computes what it needs"
    )
