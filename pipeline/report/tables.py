"""The one look of all tables."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def plain_table(*headers: str, **properties: Any) -> Table:
    """Return a table without frames; a header that ends with ">" has its column aligned to the right."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), **properties)
    for header in headers:
        right = header.endswith(">")
        table.add_column(header.removesuffix(">"), justify="right" if right else "left", no_wrap=right)
    return table
