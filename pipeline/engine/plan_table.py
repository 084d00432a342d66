"""A plan as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.engine.explain import Explained, Row
from pipeline.engine.kernels import VIEWS

HEAD = ("operation", "reads", "makes", "members", "read", "written", "flops", "calls", "results", "")
RIGHT = (3, 4, 5, 6, 7)  # columns of numbers
WIDEST = 44  # characters of an operation or of shapes; fused ones name all their steps


def table(plan: Explained) -> str:
    """Return the rows under a head, then the totals; views take no time and are only counted."""
    lines = [HEAD, *(_cells(row) for row in plan.rows if not _free(row))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD) - 1)]
    text = [f"{_aligned(line, widths)}  {line[-1]}".rstrip() for line in lines]
    return "\n".join([*text, _totals(plan)])


def _free(row: Row) -> bool:
    return row.operation in VIEWS and not row.calls


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(line, widths, strict=False)
    return "  ".join(c.rjust(w) if i in RIGHT else c.ljust(w) for i, (c, w) in enumerate(cells))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        _cut(row.operation),
        _shapes(row.reads),
        _shapes(row.makes),
        str(row.members or "shared"),
        size(row.bytes_read),
        size(row.bytes_written),
        count(row.flops),
        str(row.calls),
        ", ".join(dict.fromkeys(row.placed)),
        row.note,
    )


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return _cut(" ".join("x".join(map(str, shape)) or "1" for shape in shapes))


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _totals(plan: Explained) -> str:
    views = sum(map(_free, plan.rows))
    moved = f"{size(plan.bytes_read)} read, {size(plan.bytes_written)} written"
    return (
        f"{plan.calls} calls, {views} views; {moved}, {count(plan.flops)}flop; {size(plan.memory)} of memory"
    )


def size(number: float) -> str:
    """Return a number of bytes in the unit that fits: 1.5 KiB."""
    return _scaled(number, 1024, ("B", "KiB", "MiB", "GiB"))


def count(number: float) -> str:
    """Return a number of operations with its prefix: 12.3 M."""
    return _scaled(number, 1000, ("", "k", "M", "G", "T"))


def _scaled(number: float, base: int, units: Sequence[str]) -> str:
    for place, unit in enumerate(units):
        if number < base or unit == units[-1]:
            return f"{number:.{1 if place else 0}f} {unit}"
        number /= base
    raise ValueError("a number needs a unit")
