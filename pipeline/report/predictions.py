"""Predictions as CSV, which other programs read as well as people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence


def csv_lines(task: str, classes: Sequence[str], outputs: Sequence[Sequence[float]]) -> Iterator[str]:
    """Yield a header and a line for each row: the likeliest class and all probabilities, or the values."""
    if task == "classes":
        yield _line(["class", *(f"p({name})" for name in classes)])
        for row in outputs:
            yield _line([classes[row.index(max(row))], *(f"{value:.6g}" for value in row)])
        return
    columns = len(outputs[0]) if outputs else 1
    yield _line(["value"] if columns == 1 else [f"value{i}" for i in range(columns)])
    for row in outputs:
        yield _line([f"{value:.6g}" for value in row])


def _line(fields: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(fields)
    return written.getvalue()
