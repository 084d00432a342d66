"""What each plan pass saves: one step of a cohort with every pass, without one of them, and with none.

`python -m benchmarks.passes` prints microseconds a step, the calls of a step and the memory of its plan, for
two shapes of net.  The plans run in turns in one process on one thread; medians are printed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.step import ROWS, STEPS, _training
from pipeline.engine import Executor
from pipeline.engine.passes import ALL, PLAIN

SHAPES = [(16, (32,), 32), (16, (128, 64), 64)]
TURNS = 60
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
            started = time.perf_counter()
            executor.run()
            times[name].append(time.perf_counter() - started)
    return {
        name: (statistics.median(times[name]), executor.calls, executor.bytes)
        for name, executor in executors.items()
    }


def _steady(members: int, hidden: Sequence[int], batch: int) -> Executor:
    """Return the executor of a later step, its inputs as a training leaves them."""
    training = _training(members, hidden, "numpy")
    rows = np.random.default_rng(0).integers(ROWS, size=(members, batch))
    for _ in range(3):
        training.step(rows, STEPS)
    assert training._active is not None
    return training._active.executor


def _like(first: Executor, passes: Collection[str]) -> Executor:
    """Bind the program of `first` with other passes and the same inputs."""
    program = first.program
    batched = {name for name, tensor in program.inputs.items() if first.is_batched(tensor)}
    executor = program.bind(first.members, batched, first.backend, passes)
    for name, array in first.inputs.items():
        executor.inputs[name][...] = array
    return executor


if __name__ == "__main__":
    main()
