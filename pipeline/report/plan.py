"""What a run will do, as tables: nodes, cohorts, memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.tables import plain_table

FEW = 12


def plan_report(plan: Mapping[str, Any]) -> RenderableType:
    """Return the report of a plan's record: what each node will do, the cohorts, the closing line."""
    cohorts = plan["cohorts"]
    parts: list[RenderableType] = [_nodes(plan["nodes"]), Text()]
    parts += [_cohorts(cohorts), Text()] if cohorts else []
    return Group(*parts, Text(closing(plan), "bold"))


def closing(plan: Mapping[str, Any]) -> str:
    """Return "digits: 24 trials, 26 instances to run in 2 cohorts, 1 cached; 2 workers, numpy, 48 MiB"."""
    runs = sum(node["runs"] for node in plan["nodes"].values())
    cached = sum(node["cached"] for node in plan["nodes"].values())
    trials = f"{plan['name']}: {_count(plan['trials'], 'trial')}"
    if not runs:
        return f"{trials}, nothing to run: all {_count(cached, 'result')} that are needed are cached"
    work = f"{_count(runs, 'instance')} to run, {cached} cached; {_count(len(plan['cohorts']), 'cohort')}"
    place = f"{_count(plan['workers'], 'worker')}, {plan['backend']} {plan['dtype']}"
    return f"{trials}, {work}; {place}, memory {memory(plan['memory'])}"


def memory(size: int | None) -> str:
    """Return bytes in words; None where a data set has to be loaded before it is known."""
    if size is None:
        return "not known before the data are loaded"
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024  # type: ignore[assignment]
    return f"{size:.1f} GiB"


def _nodes(nodes: Mapping[str, Mapping[str, Any]]) -> Table:
    table = plain_table("node", "stage", "instances>", "to run>", "cached>", "not needed>")
    for name, node in nodes.items():
        counts = [node["instances"], node["runs"], node["cached"], node["idle"]]
        table.add_row(name, node["stage"], *(str(count) if count else "-" for count in counts))
    return table


def _cohorts(cohorts: list[Mapping[str, Any]]) -> Table:
    table = plain_table("cohort of", "members>", "abreast>", "parameters each>", "memory>", "first member")
    for cohort in cohorts[:FEW]:
        parameters = "?" if cohort["parameters"] is None else f"{cohort['parameters']:,}"
        size = "?" if cohort["bytes"] is None else memory(cohort["bytes"])
        abreast = "?" if cohort["abreast"] is None else str(cohort["abreast"])
        table.add_row(cohort["node"], str(cohort["members"]), abreast, parameters, size, cohort["first"])
    if len(cohorts) > FEW:
        table.add_row(f"and {len(cohorts) - FEW} more")
    return table


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
