"""The store's contents, and what a collection gave back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.report.plan import memory
from pipeline.report.tables import plain_table

FEW = 30


def cache_table(record: Mapping[str, Any]) -> RenderableType:
    """Return the largest objects and the sum of all."""
    table = plain_table("result of", "kind", "last used by", "size>", "key")
    for each in record["objects"][:FEW]:
        table.add_row(
            each["node"] or "no run", each["kind"], each["run"], memory(each["bytes"]), each["key"][:12]
        )
    rest = len(record["objects"]) - FEW
    more = f", of which {rest} are not listed" if rest > 0 else ""
    total = f"{len(record['objects'])} results, {memory(record['bytes'])} in {record['store']}{more}"
    return Group(table, Text(), Text(total, "bold")) if record["objects"] else Text(total, "bold")


def collected(record: Mapping[str, Any]) -> str:
    """Return "12 results removed, 3 MiB given back"."""
    did = "would be removed" if record["dry_run"] else "removed"
    return f"{len(record['removed'])} results {did}, {memory(record['bytes'])} given back"
