"""Worker processes of this machine that inherit nothing from the caller's script."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any

import dask.config
import distributed.utils
from distributed import LocalCluster, Nanny

from pipeline.running.nursery import is_open

_TELLTALE = ("__file__", "__spec__")  # by these a spawned child finds the script that it runs again
_DASK_PARENT = "__DASK_PARENT_PID"


class Shelter:
    """Hides `__main__` from the children that start inside it, and afterwards restores the environment.

    Children are forked from the nursery where one is open, and spawned otherwise.

    A child started by `spawn` runs the caller's script again, so that a script without the
    `if __name__ == "__main__"` guard would start a cluster in each of its workers.  And what Dask sets in
    the environment for a child, it never takes back.  Several children may start inside at once; all do so
    in the event loop's thread.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._names = {_DASK_PARENT}

    def protect(self, names: Iterable[str]) -> None:
        """Restore these variables of the environment too."""
        self._names.update(names)

    def __enter__(self) -> None:
        if not self._inside:
            self._environment = {name: os.environ.get(name) for name in self._names}
            names: dict[str, Any] = sys.modules["__main__"].__dict__
            self._hidden = {name: names.pop(name) for name in _TELLTALE if name in names}
            names["__spec__"] = None
            method = {"distributed.worker.multiprocessing-method": "forkserver"} if is_open() else {}
            self._method = dask.config.set(method)
        self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1
        if self._inside:
            return
        self._method.__exit__(None, None, None)
        sys.modules["__main__"].__dict__.update(self._hidden)
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# Dask would import every package that it knows into this process, for a forkserver of its own.
distributed.utils._forkserver_preload_set = True


class LastingCluster(LocalCluster):  # type: ignore[misc]
    """A LocalCluster that leaves it to its nannies to start workers again, and ends them at once.

    Dask's own closes a nanny for good whose worker is missing 15 seconds after an earlier one died: a second
    death, or a slow start, then leaves the cluster without workers.  And it asks workers to close, which
    takes a second; ours have nothing to finish, as results are in the store before they are told of.
    """

    def _update_worker_status(self, op: str, msg: Any) -> None:
        with dask.config.set({"distributed.deploy.lost-worker-timeout": "1000 days"}):
            super()._update_worker_status(op, msg)

    async def _close(self) -> None:
        for nanny in self.workers.values():
            nanny.auto_restart = False
            if nanny.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(nanny.pid, signal.SIGKILL)
        await super()._close()


class PlainNanny(Nanny):  # type: ignore[misc]
    """A Nanny whose worker starts inside a shelter, and sees one GPU if told so."""

    def __init__(self, *args: Any, shelter: Shelter, one_gpu_each: bool = False, **kwargs: Any):
        gpu = {"CUDA_VISIBLE_DEVICES": str(kwargs.get("name", 0))} if one_gpu_each else {}
        super().__init__(*args, env={**gpu, **(kwargs.pop("env", None) or {})}, **kwargs)
        self._shelter = shelter
        shelter.protect(self.pre_spawn_env)

    async def instantiate(self) -> Any:
        with self._shelter:
            return await super().instantiate()
