"""Where a step's time goes: its gather, then each kind of instruction of its plan, call by call.

A cohort that trains in blocks of members is measured by its first block, times as many as there are.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.ours import STEPS, problem, training
from benchmarks.step import TABLE, name
from benchmarks.turns import one_core

REPLAYS = 200
GATHER, REST = "gather and noise", "the rest: feeding, mean loss"


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median seconds of a step for each row of the table, and of its parts."""
    with one_core(), threadpool_limits(1):
        return {name(*row): _profiled(*row, replays=20 if quick else REPLAYS) for row in TABLE}


def _profiled(members: int, hidden: Sequence[int], batch: int, replays: int) -> dict[str, object]:
    batches = problem(members, hidden, batch).batches
    cohort = training(members, hidden)
    blocks = getattr(cohort, "_blocks", [cohort])
    block, width = blocks[0], len(blocks[0].members)
    for rows in batches[:3, :width]:
        block.step(rows, STEPS)
    whole: list[float] = []
    parts: dict[str, list[float]] = defaultdict(list)
    for turn in range(replays):
        rows = batches[turn % len(batches), :width]
        whole.append(_timed(block.step, rows, STEPS))
        for part, seconds in _parts(block._active, rows).items():
            parts[part].append(seconds)
    medians = {part: members / width * statistics.median(found) for part, found in parts.items()}
    seconds = members / width * statistics.median(whole)
    medians[REST] = max(seconds - sum(medians.values()), 0.0)
    ordered = dict(sorted(medians.items(), key=lambda item: -item[1]))
    return {"seconds": seconds, "limit_seconds": None, "peers": ordered}


def _parts(bound: Any, rows: np.ndarray) -> dict[str, float]:
    """Return the seconds of the gather and of each kind of call, in one replay."""
    parts: dict[str, float] = defaultdict(float)
    parts[GATHER] = _timed(bound.feed.load, rows, 4)
    executor = bound.executor
    kinds = [each.instruction.primitive.name for each in executor.bound for _ in range(each.calls)]
    kinds += ["copy of updates"] * (len(executor._calls) - len(kinds))
    with executor.backend.quiet():
        for kind, call in zip(kinds, executor._calls, strict=True):
            parts[kind] += _timed(call.function, *call.arguments, **call.keywords)
    return parts


def _timed(function: Any, *arguments: Any, **keywords: Any) -> float:
    started = time.perf_counter()
    function(*arguments, **keywords)
    return time.perf_counter() - started
