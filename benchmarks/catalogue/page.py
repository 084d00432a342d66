"""docs/catalogue.md: a line for each technique, with the figures that docs/results.json keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
TABLE = (
    "| | technique | stages and functions | DAG file | measured | source |",
    "|---|---|---|---|---|---|",
)
HEAD = """# The catalogue

Every technique that plait offers, what offers it, a DAG file that uses it, and figures that show that it
works. `python -m benchmarks.catalogue --save`, a part of `make results`, measures them and writes this page
and [results.json](results.json); `python -m benchmarks.catalogue F4` measures one row again. Larger data are
read from the folder that `PLAIT_TEST_DATA` names.
"""
# rows of this half of the catalogue that another half holds
ELSEWHERE = {
    "B6": "**Transcription, translation, structured output.** Sequence models, which are yet to come."
}


def page() -> str:
    """Return the page as it should be, from the rows and what was measured last."""
    measured = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else {}
    lines = {entry.row.id: _line(entry.row, measured.get(entry.row.id, {})) for entry in entries()}
    lines |= {row: f"| {row} | {sentence} | | | | |" for row, sentence in ELSEWHERE.items()}
    parts = [HEAD]
    for letter, title in PARTS.items():
        rows = sorted((row for row in lines if row[0] == letter), key=lambda row: int(row[1:]))
        parts += [f"## {letter}. {title}", "", *TABLE, *(lines[row] for row in rows), ""]
    return "\n".join(parts)


def _line(row: Row, measured: Mapping[str, Any]) -> str:
    offered = ", ".join(f"`{name}`" for name in (*row.stages, *row.functions))
    files = ", ".join(f"[{name}](../dags/{name})" for name in row.dags)
    technique = f"**{row.name}.** {row.sentence}"
    cells = (row.id, technique, offered, files, _told(row, measured.get("figures", {})), row.source)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _told(row: Row, figures: dict[str, float]) -> str:
    if not figures:
        return "not measured yet"
    told = "; ".join(
        f"{name} {figures[name]:.4g} ({bar}{'' if bar.met(figures[name]) else ', **missed**'})"
        for name, bar in row.bars.items()
        if name in figures
    )
    return f"{told}. {row.missed}" if row.missed else told
