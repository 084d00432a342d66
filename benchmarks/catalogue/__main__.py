"""`python -m benchmarks.catalogue [ROW ...] [--save]`: measure the catalogue's figures."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.catalogue.page import PAGE, RESULTS, page
from benchmarks.catalogue.row import Entry, entries
from benchmarks.catalogue.runs import Runs
from benchmarks.machine import machine, versions


def main() -> int:
    """Measure rows, print their figures, and keep them where that is asked for; 1 if a bar was missed."""
    arguments = _arguments()
    chosen = [entry for entry in entries() if not arguments.rows or entry.row.id in arguments.rows]
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"rows": {}}
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(arguments.store or folder))
        for entry in chosen:
            measured = _measured(entry, runs)
            missed |= _told(entry, measured)
            kept["rows"][entry.row.id] = measured
            if arguments.save:  # after each row, so that a long run that ends early leaves what it has
                RESULTS.write_text(json.dumps({"versions": versions(), **_sorted(kept)}, indent=2) + "\n")
                PAGE.write_text(page())
    return int(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="ids such as F4; all by default")
    parser.add_argument("--save", action="store_true", help="write docs/results.json and docs/catalogue.md")
    parser.add_argument("--store", help="a store to take what was computed before from")
    return parser.parse_args()


def _measured(entry: Entry, runs: Runs) -> dict[str, object]:
    started = time.perf_counter()
    figures = {name: float(value) for name, value in entry.figures(runs).items()}
    where = machine()
    return {"figures": figures, "seconds": round(time.perf_counter() - started, 1), "machine": where}


def _told(entry: Entry, measured: dict[str, object]) -> bool:
    missed = False
    for name, value in measured["figures"].items():  # type: ignore[attr-defined]
        bar = entry.row.bars[name]
        missed |= not bar.met(value)
        print(f"{entry.row.id:4} {name:50} {value:12.5g}  {bar}{'' if bar.met(value) else '  MISSED'}")
    return missed


def _sorted(kept: dict[str, dict[str, object]]) -> dict[str, object]:
    order = [entry.row.id for entry in entries()]
    return {"rows": {row: kept["rows"][row] for row in order if row in kept["rows"]}}


if __name__ == "__main__":
    sys.exit(main())
