"""Child processes whose whole wall time and memory are measured, from start to exit."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRESET = (
    "OPENBLAS_CORETYPE",  # they would choose a slower kernel than the machine has
    "OPENBLAS_L2_SIZE",
    "PYTHONDONTWRITEBYTECODE",  # every start would compile every module again
)


@dataclass(frozen=True)
class Done:
    """A process that ended well: its wall time, and the most memory that it or one of its children had."""

    arguments: tuple[str, ...]
    seconds: float
    peak_bytes: int
    stdout: str


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without what slows it down, and with `extra`."""
    kept = {name: value for name, value in os.environ.items() if name not in PRESET}
    return {**kept, **extra}


def finished(arguments: Sequence[str], **extra: str) -> Done:
    """Run `python *arguments` in the repository's root to its end; a failure ends this process, too."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment(**extra), stdout=out, stderr=err
        )
        _, status, usage = os.wait4(child.pid, 0)
        elapsed = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}:\n{err.read()[-2000:]}")
        kib = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in
        return Done(tuple(arguments), elapsed, usage.ru_maxrss * kib, out.read())


def seconds(arguments: Sequence[str], **extra: str) -> float:
    """Run `python *arguments` in the repository's root and return its wall time."""
    return finished(arguments, **extra).seconds


def median_seconds(arguments: Sequence[str], times: int) -> float:
    """Return the median wall time of `times` runs after one that warms the file cache."""
    seconds(arguments)
    return statistics.median(seconds(arguments) for _ in range(times))
