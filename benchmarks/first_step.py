"""Print the seconds of tracing, planning and compiling before a cohort is in its steady stride.

Run in a process of its own: from data in memory to the end of the second step, whose program is the one
that all later steps replay, less what two later steps take.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.ours import STEPS, problem, training
from benchmarks.turns import each

MEMBERS, HIDDEN, BATCH = 16, (128, 64), 64


def main() -> None:
    """Measure and print."""
    batches = problem(MEMBERS, HIDDEN, BATCH).batches
    cohort = training(MEMBERS, HIDDEN)
    started = time.perf_counter()
    _take(cohort, batches[:2])
    first = time.perf_counter() - started
    later = each(lambda: _take(cohort, batches[2:4]))
    print(max(first - later, 0.0))


def _take(cohort: Any, batches: np.ndarray) -> None:
    for rows in batches:
        cohort.step(rows, STEPS)
    cohort.mean_losses()  # blocks of members take queued steps when somebody looks


if __name__ == "__main__":
    main()
