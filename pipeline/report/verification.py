"""What `plait verify` found: each parameter of a trial trained alone against the one that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.report.tables import plain_table


def verification_report(found: Mapping[str, Any]) -> RenderableType:
    """Return the table of parameters and the verdict."""
    table = plain_table("node", "parameter", "shape", "elements that differ>", "largest difference>")
    for parameter in found["parameters"]:
        shape = " x ".join(map(str, parameter["shape"]))
        differ = f"{parameter['different']} of {prod(parameter['shape'])}"
        table.add_row(parameter["node"], parameter["parameter"], shape, differ, f"{parameter['largest']:g}")
    return Group(table, Text(), Text(verdict(found), "bold green" if found["equal"] else "bold red"))


def verdict(found: Mapping[str, Any]) -> str:
    """Return one sentence: equal, or not, and whose doing that is."""
    who = f"{found['trial']} ({found['label']}) of {found['run']}, trained alone"
    if found["equal"]:
        within = "bit for bit" if not found["tolerance"] else f"within {found['tolerance']:g}"
        return f"{who}, has the weights that were kept, {within}"
    if found["changed"]:
        return f"{who}, has other weights: the code, the options or the data have changed since that run"
    return (
        f"{who}, has other weights although nothing has changed: plait's promise is broken, please report it"
    )
