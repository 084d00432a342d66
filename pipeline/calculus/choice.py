"""Names looked up in a table, with an error that shows the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pipeline.errors import OptionError, nearest

T = TypeVar("T")


def chosen(table: Mapping[str, T], name: str, missing: str) -> T:
    """Return the entry called `name`; OptionError, begun by `missing`, where there is none."""
    if name not in table:
        hint = nearest(name, table)
        raise OptionError(f"{missing} {name!r}\n    allowed: {', '.join(table)}\n    {hint}".rstrip())
    return table[name]
