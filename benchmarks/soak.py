"""Soak: short trials in a row, all in this process; its memory and its open files are to stay what they are.

Runs of 200 trivial trials (benchmarks/trivial.py) follow each other on one store, each with a seed of its
own, so that nothing is found again.  After each the memory and the open files are looked at (Linux).
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.trivial import dag_file, resident, run

EACH = 200
TRIALS, QUICK, FULL = 2_000, 600, 20_000
WIDTH = 16
SHOWN = 20
GROWTH_LIMIT = 0.05
SETTLED = 0.2  # of all trials, until caches are full and memory is measured from


@dataclass(frozen=True)
class Sample:
    """What the process held after so many trials."""

    trials: int
    resident_mib: float
    open_files: int


def works(quick: bool = False, full: bool = False) -> dict[str, dict[str, object]]:
    """Return the time of all trials and what was held between them; `grown` is a share, to be at most 5 %."""
    trials = FULL if full else QUICK if quick else TRIALS
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        samples = list(_told(soaked(trials, Path(folder)), trials // EACH))
        seconds = time.perf_counter() - started
    return {
        f"{trials:,} trials in a row": {
            "seconds": seconds,
            "limit_seconds": None,
            "peers": {},
            "grown": growth(samples),
            "grown_limit": GROWTH_LIMIT,
            "more_open_files": samples[-1].open_files - samples[0].open_files,
            "samples": [asdict(sample) for sample in samples],
        }
    }


def soaked(trials: int, folder: Path, each: int = EACH, width: int = WIDTH) -> Iterator[Sample]:
    """Run `trials` trials, `each` in a run, and yield what the process holds after each run."""
    text = dag_file(folder, each).read_text()
    for number in range(trials // each):
        path = folder / "soak.yaml"
        path.write_text(f"{text}seed: {number}\n")
        run(path, folder / "store", width)
        gc.collect()
        yield Sample((number + 1) * each, round(resident() / 2**20, 2), open_files())


def growth(samples: list[Sample]) -> float:
    """Return by what share the memory grew since the process had settled."""
    first = samples[int(SETTLED * (len(samples) - 1))]
    return round(samples[-1].resident_mib / first.resident_mib - 1, 4)


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _told(samples: Iterator[Sample], count: int) -> Iterator[Sample]:
    """Print some of the samples while they come."""
    every = max(1, count // SHOWN)
    for number, sample in enumerate(samples, 1):
        if number == 1 or number % every == 0:
            print(
                f"{sample.trials:7,} trials: {sample.resident_mib:7.1f} MiB, {sample.open_files} open files",
                file=sys.stderr,
            )
        yield sample
