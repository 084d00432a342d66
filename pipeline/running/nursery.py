"""A process from which a run's workers are forked: it imports what they need once, while the driver plans.

It is Python's forkserver, used where forking is safe: on Linux, from a process of one thread without a GPU.
Elsewhere workers are spawned, and import for themselves.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from pipeline.running.cluster import Wanted, cluster_spec, local_workers

PRELOADED = ["pipeline.running.warmed"]
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
_RESTORED = "PLAIT_NURSERY_RESTORES"


@contextmanager
def nursery(wanted: bool) -> Iterator[None]:
    """Keep a nursery open inside, where it is wanted, none is open yet, and the system lets it start."""
    server: Any = forkserver._forkserver
    if not wanted or sys.platform != "linux" or server._forkserver_pid is not None:
        yield
        return
    before = server._preload_modules
    forkserver.set_forkserver_preload(PRELOADED)
    try:
        with _environment(_as_here()), suppress(OSError):  # no process, no socket: workers are spawned then
            forkserver.ensure_running()
        yield
    finally:
        _end(server)
        forkserver.set_forkserver_preload(before)


def may_start_processes(asked_for: Wanted, in_file: Wanted) -> bool:
    """Say whether a run may start processes of this machine, as far as is known before its file is read."""
    spec = cluster_spec(asked_for, in_file)
    return spec.kind == "local" and (spec.workers or local_workers("numpy")) > 1


def is_open() -> bool:
    """Say whether workers can be forked from a nursery now."""
    server: Any = forkserver._forkserver
    return server._forkserver_pid is not None and server._preload_modules == PRELOADED


def _end(server: Any) -> None:
    if server._forkserver_pid is None:
        return
    with suppress(OSError):  # killed by somebody else
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def _as_here() -> dict[str, str]:
    """Return the environment with which a server finds the modules that this process finds.

    It has one thread of BLAS, as more would be lost in the fork.
    """
    paths = {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "PYTHONSAFEPATH": "1",
    }
    before = json.dumps({name: os.environ.get(name) for name in paths})
    return {**_ONE_THREAD, **paths, _RESTORED: before}


def restore_environment() -> None:
    """Give a server the environment back that this process would have given to a worker."""
    for name, value in json.loads(os.environ.pop(_RESTORED, "{}")).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
