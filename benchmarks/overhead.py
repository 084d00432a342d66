"""Overhead: what thousands of trials cost that train next to nothing (benchmarks/trivial.py), in one process.

Limits are 3,000 trials a second trained in cohorts of 256 and stored, 5,000 a second planned, recorded and
settled, 10,000 finished ones found again in 3 s.  Beside them as many tasks that do nothing by Dask, and
Optuna's random search in memory, which keeps nothing.  `trials_per_second` says the same as `seconds`, and
`grown_mib` how much more memory the process has after the run than before.  The store lies where temporary
files do (TMPDIR): a disk that makes files slowly is measured, too.
"""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec

from benchmarks.process import finished
from benchmarks.trivial import timed

WIDTH = 256
TRIALS = (1_000, 10_000)
FULL = (*TRIALS, 100_000)
TRAINED_PER_SECOND = 3_000
RECORDED_PER_SECOND = 5_000
AGAIN_LIMITS = {10_000: 3.0}
CLIENT_TASKS = 10_000  # more would only take longer
OPTUNA = "Optuna, random search in memory"

Work = dict[str, object]


def works(quick: bool = False, full: bool = False) -> dict[str, Work]:
    """Return the times of a run, of one more, and of the record, by numbers of trials; `full` 100,000 too."""
    found: dict[str, Work] = {}
    for trials in TRIALS[:1] if quick else FULL if full else TRIALS:
        found.update(_measured(trials))
    return found


def _measured(trials: int) -> dict[str, Work]:
    done = finished(["-m", "benchmarks.trivial", str(trials), str(WIDTH)], OMP_NUM_THREADS="1")
    told = json.loads(done.stdout)
    grown = round((told["resident_after"] - told["resident_before"]) / 2**20, 1)
    ran = _work(trials, told["run"], trials / TRAINED_PER_SECOND, _peers(trials))
    return {
        f"{trials:,} trivial trials": {**ran, "grown_mib": grown},
        f"{trials:,} planned, recorded and settled": _work(
            trials, told["record"], trials / RECORDED_PER_SECOND
        ),
        f"{trials:,} finished, run again": _work(trials, told["again"], AGAIN_LIMITS.get(trials)),
    }


def _work(trials: int, seconds: float, limit: float | None, peers: dict[str, float] | None = None) -> Work:
    rate = round(trials / seconds, 1)
    return {
        "seconds": seconds,
        "limit_seconds": limit,
        "peers": peers or {},
        "trials_per_second": rate,
    }


def _peers(trials: int) -> dict[str, float]:
    found = {"dask.get, a task a trial": _dask(trials)}
    if trials <= CLIENT_TASKS:
        found["Client.get, a task a trial"] = _client(trials)
    if find_spec("optuna"):
        done = finished(["-m", "benchmarks.peers.optuna_trivial", str(trials)])
        found[OPTUNA] = float(done.stdout)
    return found


def _graph(tasks: int) -> dict[str, object]:
    from dask._task_spec import Task

    return {f"task-{i}": Task(f"task-{i}", abs, i) for i in range(tasks)}


def _dask(tasks: int) -> float:
    import dask

    graph = _graph(tasks)
    return timed(lambda: dask.get(graph, list(graph)))


def _client(tasks: int) -> float:
    """Return the seconds of tasks on two processes of this machine, once they are there."""
    from distributed import Client

    graph = _graph(tasks)
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with Client(n_workers=2, threads_per_worker=1, **quiet) as client:
        client.submit(abs, 1).result()
        return timed(lambda: client.get(graph, list(graph)))
