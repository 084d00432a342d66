"""`python -m benchmarks.trivial TRIALS WIDTH`: run a sweep of trivial trials in this process, print JSON.

A trial trains one weight by one step (`trivial_stages.py`), so that what takes time is plait: it expands,
hashes, plans, records, trains a cohort, stores a network a trial, settles.  The run is made again on what
it left in its store, and a third time as far as the record goes: planned, entered and settled, with nothing
trained or stored.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.process import ROOT

WARM = 64  # trials that are run before, so that nothing is imported while the clock runs
DAG = """\
plait: 1
name: trivial
plugins: [{stages}]
nodes:
  line: {{stage: data.line}}
  net:  {{stage: model.linear, options: {{bias: false}}}}
  sgd:  {{stage: optimizer.sgd}}
  fit:  {{stage: train.once, inputs: {{data: line, model: net, optimizer: sgd}}}}
sweep: {{space: {{sgd.lr: {rates}, sgd.momentum: {momenta}}}}}
"""


def main() -> None:
    """Measure and print."""
    trials, width = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(trials, width, Path(folder))))


def measured(trials: int, width: int, folder: Path) -> dict[str, float]:
    """Return the seconds of a first run, a second one and the record alone, and the bytes of this process."""
    run(dag_file(folder, WARM), folder / "warm", width)
    path = dag_file(folder, trials)
    before = resident()
    return {
        "run": timed(lambda: run(path, folder / "store", width)),
        "resident_before": before,
        "resident_after": resident(),
        "again": timed(lambda: run(path, folder / "store", width)),
        "record": timed(lambda: record(path, folder / "record", width)),
    }


def dag_file(folder: Path, trials: int) -> Path:
    """Write the file of a sweep of `trials` settings, learning rates times momenta, and return it."""
    rates = next(count for count in range(int(trials**0.5), 0, -1) if trials % count == 0)
    path = folder / f"trivial-{trials}.yaml"
    stages = ROOT / "benchmarks" / "trivial_stages.py"
    path.write_text(DAG.format(stages=stages, rates=_values(rates), momenta=_values(trials // rates)))
    return path


def _values(count: int) -> list[float]:
    return [(i + 1) / (2 * count + 2) for i in range(count)]


def run(path: Path, store: Path, width: int) -> None:
    """Run a file in this process; a failure ends it."""
    from pipeline import load
    from pipeline.running.start import Request, run_dag
    from pipeline.running.store import Store

    done = run_dag(load(path), Store(store), Request(cluster="inline", backend="numpy", width=width))
    if done.state != "done":
        sys.exit(f"the run of {path.name} ended as {done.state}")


def record(path: Path, store: Path, width: int) -> None:
    """Plan a run, enter it into the record and settle it there, a cohort at a time."""
    from pipeline import load
    from pipeline.running.book import Book
    from pipeline.running.outcomes import Outcome
    from pipeline.running.plan import make_plan
    from pipeline.running.records import Records
    from pipeline.running.store import Store

    kept = Store(store)
    plan = make_plan(load(path), kept, workers=1, width=width)
    with Records(kept.records) as records:
        book = Book(plan, records)
        for start in range(0, len(plan.to_run), width):
            some = plan.to_run[start : start + width]
            book.settle([Outcome(i.id, i.label, "done", plan.keys[i.id], {"loss": 0.5}) for i in some])
        book.finish("done", 1.0)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def resident() -> int:
    """Return the bytes of memory that this process has now (Linux)."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
