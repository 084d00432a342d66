"""What each plan pass saves: one step of a cohort with every pass, without one of them, and with none.

`python -m benchmarks.passes` prints microseconds a step, the calls of a step and the memory of its plan, for
two shapes of net.  The plans run in turns in one process on one thread: in each turn a plan begins with the
same weights and state, warms the caches by one step and is then timed; medians over turns are printed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.ours import ROWS, STEPS, training
from pipeline.engine import Executor
from pipeline.engine.passes import ALL, PLAIN

SHAPES = [(16, (32,), 32), (16, (128, 64), 64)]
TURNS = 40
RUNS = 5  # of a turn; the fastest counts
PLANS: dict[str, Collection[str]] = {
    "no pass": (),
    "all that need no compiling": PLAIN,
    "all": ALL,
    **{f"all but {name}": tuple(other for other in ALL if other != name) for name in ALL},
}


def main() -> None:
    """Measure and print."""
    with threadpool_limits(1):
        for members, hidden, batch in SHAPES:
            print(f"{members} members, {list(hidden)}, batch {batch}")
            for name, (seconds, calls, size) in _work(members, hidden, batch).items():
                print(f"  {name:28} {1e6 * seconds:9.0f} µs {calls:4} calls {size / 2**20:7.1f} MiB")


def _work(members: int, hidden: Sequence[int], batch: int) -> dict[str, tuple[float, int, int]]:
    first = _steady(members, hidden, batch)
    executors = {name: _like(first, passes) for name, passes in PLANS.items()}
    times: dict[str, list[float]] = {name: [] for name in executors}
    for _ in range(TURNS):
        for name, executor in executors.items():
            _copy(first, executor)
            executor.run()
            times[name].append(min(_seconds(executor) for _ in range(RUNS)))
    return {
        name: (statistics.median(times[name]), executor.calls, executor.bytes)
        for name, executor in executors.items()
    }


def _steady(members: int, hidden: Sequence[int], batch: int) -> Executor:
    """Return the executor of a later step, its inputs as a training leaves them."""
    ours = training(members, hidden, in_one=True)
    rows = np.random.default_rng(0).integers(ROWS, size=(members, batch))
    for _ in range(3):
        ours.step(rows, STEPS)
    assert ours._active is not None
    return ours._active.executor


def _like(first: Executor, passes: Collection[str]) -> Executor:
    """Bind the program of `first` with other passes and the same inputs."""
    program = first.program
    batched = {name for name, tensor in program.inputs.items() if first.is_batched(tensor)}
    executor = program.bind(first.members, batched, first.backend, passes)
    _copy(first, executor)
    return executor


def _copy(first: Executor, executor: Executor) -> None:
    for name, array in first.inputs.items():
        executor.inputs[name][...] = array


def _seconds(executor: Executor) -> float:
    started = time.perf_counter()
    executor.run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
