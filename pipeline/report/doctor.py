"""What `plait doctor` found, node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.report.tables import plain_table

_STYLES = {"good": "green", "bad": "bold red", "not checked": "dim"}


def doctor_report(examinations: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return a table of checks for each node, with what to do about each that is bad."""
    parts = [line for examination in examinations for line in _examination(examination)]
    return Group(*parts, Text(verdict(examinations), "bold"))


def verdict(examinations: Sequence[Mapping[str, Any]]) -> str:
    """Return one sentence: how many checks are bad, and where."""
    bad = [
        f"{examination['node']}: {finding['check']}"
        for examination in examinations
        for finding in examination["findings"]
        if finding["state"] == "bad"
    ]
    return f"{len(bad)} bad: {', '.join(bad)}" if bad else "nothing bad was found"


def _examination(examination: Mapping[str, Any]) -> Iterator[RenderableType]:
    table = plain_table("check", "", "what was found")
    for finding in examination["findings"]:
        table.add_row(finding["check"], Text(finding["state"], _STYLES[finding["state"]]), finding["told"])
        if finding["advice"]:
            table.add_row("", "", Text(finding["advice"], "bold"))
    yield Text(examination["trial"], "bold")
    yield table
    yield Text()
