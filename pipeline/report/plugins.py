"""The stages that are installed, and one stage with its options, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.schema import allowed_values, default_value
from pipeline.report.tables import plain_table


def stage_table(record: Mapping[str, Any]) -> RenderableType:
    """Return the table of stages, then what is broken or claimed twice, each with where."""
    table = plain_table("stage", "what it does", "from")
    for stage in record["stages"]:
        table.add_row(stage["stage"], stage["summary"], f"{stage['distribution']} {stage['version']}".strip())
    notes = [Text(f"broken: {_broken(plugin)}", "red") for plugin in record["broken"]]
    notes += [Text(f"conflict: {conflict['error']}", "red") for conflict in record["conflicts"]]
    return Group(table, *notes)


def stage_page(record: Mapping[str, Any]) -> RenderableType:
    """Return one stage's page: its documentation, where it comes from, its options."""
    origin = f"{record['distribution']} {record['version']}".strip()
    parts: list[RenderableType] = [
        Text(record["stage"], "bold"),
        Text(record["documentation"]),
        Text(f"from {origin}, module {record['module']}", "dim"),
    ]
    if record["takes"]:
        parts.append(Text(f"inputs: {', '.join(_ports(record['takes']))}", "dim"))
    return Group(*parts, Text(), _options(record) if record["options"] else Text("It has no options."))


def _options(record: Mapping[str, Any]) -> Table:
    table = plain_table("option", "allowed", "default", "in a cohort")
    for name, schema in record["options"].items():
        varies = "may vary" if name in record["varying"] else "the same for all"
        default = "must be given" if name in record["required"] else default_value(schema)
        table.add_row(name, allowed_values(schema), default, varies)
    return table


def _ports(takes: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    for name, port in takes.items():
        several = " (several)" if port["many"] else ""
        yield f"{name}{several}" if port["required"] else f"[{name}{several}]"


def _broken(plugin: Mapping[str, Any]) -> str:
    owner = f"{plugin['distribution']} {plugin['version']}".strip()
    place = f"{plugin['file']}:{plugin['line']}: " if plugin["line"] else ""
    return f"{owner} (entry point {plugin['entry_point']}): {place}{plugin['error']}"
