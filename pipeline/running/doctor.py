"""Examine the train nodes of a DAG: their data are loaded, short trainings are made, nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from pipeline.dag.cohorts import cohorts
from pipeline.errors import UserError, nearest
from pipeline.running.estimate import tasks
from pipeline.stages.doctor import Finding, examine

if TYPE_CHECKING:
    from pipeline.running.plan import Plan


@dataclass(frozen=True)
class Examination:
    """What was found in a train node's first trial."""

    node: str
    trial: str
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Whether nothing bad was found."""
        return all(finding.state != "bad" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return what `plait doctor --json` prints of it."""
        findings = [finding.to_json() for finding in self.findings]
        return {"node": self.node, "trial": self.trial, "good": self.good, "findings": findings}


def examine_dag(plan: Plan, node: str | None = None) -> list[Examination]:
    """Examine the train nodes of a plan that take steps, or `node` alone, each by its first trial."""
    found = {cohort.node: cohort for cohort in reversed(cohorts(plan.expansion))}
    if node is not None and node not in found:
        nodes = sorted(found)
        hint = nearest(node, nodes)
        raise UserError(
            f"there is no train node {node!r}\n    allowed: {', '.join(nodes)}\n    {hint}".rstrip()
        )
    examinations = []
    registry = plan.dag.registry
    steps = [name for name in found if not registry.stage(plan.dag.nodes[name].stage).estimator]
    wanted = [name for name in plan.expansion.places if name in (steps if node is None else [node])]
    for cohort, spec, data in tasks(plan, [found[name] for name in wanted]):
        member = replace(spec.members[0], data="data")
        with threadpool_limits(1):
            findings = examine(replace(spec, members=(member,)), {"data": data}, registry)
        label = cohort.members[0].label
        examinations.append(Examination(cohort.node, label, tuple(findings)))
    return examinations
