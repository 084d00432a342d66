"""Child processes whose whole wall time is measured, from start to exit."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRESET = (
    "OPENBLAS_CORETYPE",  # they would choose a slower kernel than the machine has
    "OPENBLAS_L2_SIZE",
    "PYTHONDONTWRITEBYTECODE",  # every start would compile every module again
)


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without what slows it down, and with `extra`."""
    kept = {name: value for name, value in os.environ.items() if name not in PRESET}
    return {**kept, **extra}


def seconds(arguments: Sequence[str], **extra: str) -> float:
    """Run `python *arguments` in the repository's root and return its wall time."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**extra),
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return elapsed


def median_seconds(arguments: Sequence[str], times: int) -> float:
    """Return the median wall time of `times` runs after one that warms the file cache."""
    seconds(arguments)
    return statistics.median(seconds(arguments) for _ in range(times))
