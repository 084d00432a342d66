"""Works measured in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

TURNS = 25
TURN_SECONDS = 0.04

Work = Callable[[], object]


def medians(
    works: Mapping[str, Work], turns: int = TURNS, turn_seconds: float = TURN_SECONDS
) -> dict[str, float]:
    """Return the median seconds of one call of each work; each has a turn of its own in every round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            times[name].append(each(work, turn_seconds))
    return {name: statistics.median(found) for name, found in times.items()}


def fastest(works: Mapping[str, Work]) -> str:
    """Return the name of the work whose calls take least, by a short measurement."""
    found = medians(works, turns=5)
    return min(found, key=found.__getitem__)


def each(work: Work, turn_seconds: float = TURN_SECONDS, wait: Work = lambda: None) -> float:
    """Return the mean seconds of a call over a turn; `wait` returns when a device has done all."""
    wait()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < turn_seconds or not count:
        work()
        count += 1
    wait()
    return (time.perf_counter() - started) / count


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process on one core, so that threads that a library starts share it, too."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(usable)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)
