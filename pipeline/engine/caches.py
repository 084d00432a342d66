"""How much memory stays close to a core: measured once a machine, then remembered.

A cohort's step reads and writes all that its members own.  While that fits into the caches, a pass over
it runs at their speed; beyond, at main memory's.  The largest working set that keeps the caches' speed,
divided by the processes that share them, decides how many members step together.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from pipeline.engine.folders import machine_folder

SIZES = tuple(2**i * 2**20 // 4 for i in range(9))  # bytes of a working set: 256 KiB to 64 MiB
SLOWER = 1.3  # a size whose passes take so much longer an element has left the caches
SECONDS = 0.02  # of measuring for each size: 0.2 s in all
LEAST = 2**20  # bytes: what any core's own cache holds, near enough
ARRAYS = 6  # that a pass touches, as an optimizer does


def close_memory(processes: int | None = None) -> int:
    """Return the bytes that one of `processes` (one a core, unless told) can work on at the caches' speed."""
    share = processes or os.cpu_count() or 1
    return max(LEAST, _remembered() // share)


def memory_share(processes: int | None = None) -> int:
    """Return the bytes of main memory that one of `processes` (one a core, unless told) may fill: half."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return whole // 2 // (processes or os.cpu_count() or 1)


def _remembered() -> int:
    """Return this machine's measure, taken now if it is not known or not readable."""
    path = machine_folder() / "caches.json"
    name = _machine()
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(path.read_text())[name])
    found = measure()
    with suppress(OSError):
        _write(path, json.dumps({name: found}))
    return found


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {platform.processor()} {os.cpu_count()}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def measure(clock: Callable[[], float] = time.perf_counter) -> int:
    """Return the largest of SIZES at which passes over arrays run at most SLOWER times their best."""
    rates = [_seconds_per_element(size, clock) for size in SIZES]
    best = min(rates)
    fast = [size for size, rate in zip(SIZES, rates, strict=True) if rate <= SLOWER * best]
    return int(max(fast))


def _seconds_per_element(size: int, clock: Callable[[], float]) -> float:
    """Return the shortest time of momentum's four passes over arrays of `size` bytes in all."""
    count: int = size // (4 * ARRAYS)
    w, v, g, m, t, s = (np.ones(count, dtype=np.float32) for _ in range(ARRAYS))
    best, end = float("inf"), clock() + SECONDS
    while True:
        started = clock()
        np.multiply(v, m, out=t)
        np.add(t, g, out=v)
        np.multiply(v, s, out=t)
        np.subtract(w, t, out=w)
        now = clock()
        best = min(best, now - started)
        if now >= end:
            return best / count
