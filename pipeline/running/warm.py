"""What a worker process does before its first task: import what tasks need, leave Ctrl-C to the driver."""

from __future__ import annotations

import signal
from contextlib import suppress
from importlib import import_module
from typing import Any

MODULES = ("distributed.nanny", "pipeline.running.tasks", "pipeline.stages.fit")


def dask_setup(worker: Any) -> None:
    """Prepare a worker process; Dask calls this by its name."""
    # A terminal sends SIGINT to the workers too; the driver tells them to stop at the end of an epoch.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm()


def warm() -> None:
    """Import what tasks need, and what loads compiled kernels."""
    for name in MODULES:
        with suppress(Exception):  # a task that needs the module says what is wrong with it
            import_module(name)
    with suppress(Exception):  # numba is an extra, and what it loads first is its own affair
        import_module("numba.core.registry").cpu_target.target_context.refresh()
