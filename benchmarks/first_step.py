"""Print the seconds of tracing, planning and compiling before a cohort is in its steady stride.

Run in a process of its own: from data in memory to the end of the second step, whose program is the one
that all later steps replay, less what two later steps take.
"""

from __future__ import annotations

import time

from benchmarks.ours import STEPS, problem, training
from benchmarks.turns import each

MEMBERS, HIDDEN, BATCH = 16, (128, 64), 64


def main() -> None:
    """Measure and print."""
    batches = problem(MEMBERS, HIDDEN, BATCH).batches
    cohort = training(MEMBERS, HIDDEN)
    started = time.perf_counter()
    cohort.step(batches[0], STEPS)
    cohort.step(batches[1], STEPS)
    first = time.perf_counter() - started
    later = each(lambda: cohort.step(batches[2], STEPS))
    print(max(first - 2 * later, 0.0))


if __name__ == "__main__":
    main()
