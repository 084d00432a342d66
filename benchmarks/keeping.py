"""What was measured last: one file a benchmark in benchmarks/results/, what was before in the history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def keep(benchmark: str, result: Mapping[str, Any]) -> Path:
    """Write the result of a benchmark and return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{benchmark}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


def kept(benchmark: str) -> dict[str, Any] | None:
    """Return the result that was kept last, None if there is none."""
    path = RESULTS / f"{benchmark}.json"
    return json.loads(path.read_text()) if path.exists() else None
