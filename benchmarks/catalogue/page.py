"""docs/catalogue.md: a line for each technique, with the figures that docs/results.json keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.catalogue.row import Row, entries
from benchmarks.process import ROOT

RESULTS = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "catalogue.md"
PARTS = {
    "N": "Numerical computation",
    "B": "Machine learning basics",
    "F": "Feed-forward networks and training",
    "R": "Regularization",
}
HEAD = """# The catalogue

Every technique that plait offers, what offers it, a DAG file that uses it, and figures that show that it works, measured by
`python -m benchmarks.catalogue --save` (a part of `make results`), which writes this page and [results.json](results.json). `python -m benchmarks.catalogue F4`
measures one row again. Files that need larger data find it in the folder that `PLAIT_TEST_DATA` names.
"""


def page() -> str:
    """Return the page as it should be, from the rows and what was measured last."""
    measured = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else {}
    rows = [entry.row for entry in entries()]
    lines = [HEAD]
    for letter, title in PARTS.items():
        lines += [
            f"## {letter}. {title}",
            *_table([row for row in rows if row.id[0] == letter], measured),
            "",
        ]
    return "\n".join(lines)


def _table(rows: list[Row], measured: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield "| | technique | stages and functions | DAG file | measured | source |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        offered = ", ".join(f"`{name}`" for name in (*row.stages, *row.functions))
        files = ", ".join(f"[{name}](../dags/{name})" for name in row.dags)
        figures = measured.get(row.id, {}).get("figures", {})
        yield f"| {row.id} | **{row.name}.** {row.sentence} | {offered} | {files} | {_told(row, figures)} | {row.source} |"


def _told(row: Row, figures: dict[str, float]) -> str:
    if not figures:
        return "not measured yet"
    told = "; ".join(
        f"{name} {figures[name]:.4g} ({bar}{'' if bar.met(figures[name]) else ', **missed**'})"
        for name, bar in row.bars.items()
        if name in figures
    )
    return f"{told}. {row.missed}" if row.missed else told
