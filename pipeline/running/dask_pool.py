"""Tasks on a Dask cluster, opened in the background while the driver still plans."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dask._task_spec import Task

from pipeline.errors import PlaitError, UserError
from pipeline.running.cluster import ClusterSpec, connect, require_workers
from pipeline.running.events import event_from_json
from pipeline.running.pool import Finished
from pipeline.running.workers import fitting, require_resources, require_versions
from pipeline.stages.events import Event

if TYPE_CHECKING:
    from distributed import Client, Future


DESERTED_SECONDS = 30.0


class DaskPool:
    """A Dask client and its cluster, opened in the background; what fails there is raised at first use.

    `plugins` are the versions of the distributions that workers have to have.
    """

    task_options: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, spec: ClusterSpec, workers: int, backend: str, plugins: Mapping[str, str] = MappingProxyType({})
    ):
        self.workers = workers
        self._settings = (spec, workers, backend)
        self._plugins = plugins
        self._checked = False
        self._inbox: SimpleQueue[str | Event] = SimpleQueue()
        self._futures: dict[str, Future] = {}
        self._client: Client | None = None
        self._cluster: Any = None
        self._error: BaseException | None = None
        self._deserted_since = math.inf
        self._opening = threading.Thread(target=self._open, name="plait-open-cluster", daemon=True)
        self._opening.start()

    @property
    def opening(self) -> bool:
        """Tell whether local processes are still being started."""
        return self._settings[0].kind == "local" and self._opening.is_alive()

    def connected(self) -> int:
        """Wait for the cluster and return how many workers it has now that serve, or else should have.

        UserError if a cluster that runs already has none (one of a class may get them later), or if those
        that are there lack a resource, a plugin, or the versions of this process.
        """
        client, spec = self._connected(), self._settings[0]
        if spec.kind in ("address", "file"):
            require_workers(client, spec.target)
        self._check()
        self.workers = fitting(client, spec.resources) or self.workers
        return self.workers

    def listen(self, topic: str) -> None:
        """Let `wait` return the events of a topic too."""
        self._connected().subscribe_topic(topic, self._hear)

    def start(self, graph: Mapping[str, Task]) -> None:
        """Send the tasks to the scheduler, once it is there."""
        resources = self._settings[0].resources or None
        futures = self._connected().get(dict(graph), list(graph), sync=False, resources=resources)
        for name, future in zip(graph, futures, strict=True):
            self._futures[name] = future
            future.add_done_callback(lambda done: self._inbox.put(done.key))

    def wait(self, seconds: float) -> list[Finished | Event]:
        """Return finished tasks and events, in the order in which they came."""
        self._check()
        messages: list[str | Event] = []
        with suppress(Empty):
            messages.append(self._inbox.get(timeout=seconds))
            while True:
                messages.append(self._inbox.get_nowait())
        if messages:
            self._deserted_since = math.inf
        else:
            self._watch()
        finished = self._collect(
            [name for name in messages if isinstance(name, str) and name in self._futures]
        )
        return [
            m if isinstance(m, Event) else finished[m]
            for m in messages
            if isinstance(m, Event) or m in finished
        ]

    def close(self) -> None:
        """Close the client, and the cluster where it is ours; workers that still compute are killed."""
        self._opening.join()
        for closing in (self._client, self._cluster):
            if closing is not None:
                closing.close()
        self._client = self._cluster = None

    def _watch(self) -> None:
        """Raise PlaitError if all workers have been gone for long: tasks would wait for ever."""
        now = time.monotonic()
        if self._settings[0].kind == "class" or self._serving():
            self._deserted_since = math.inf
        else:
            self._deserted_since = min(self._deserted_since, now)
        if now - self._deserted_since > DESERTED_SECONDS:
            raise PlaitError(
                f"no worker process is left{self._asked_for()}, and none comes back\n"
                "    try --cluster inline: it shows what a worker would have died of"
            )

    def _serving(self) -> int:
        client, resources = self._connected(), self._settings[0].resources
        if resources:
            return fitting(client, resources)
        return int(client.scheduler_info(n_workers=1)["n_workers"])

    def _asked_for(self) -> str:
        resources = self._settings[0].resources
        return f" that has {', '.join(resources)}" if resources else ""

    def _check(self) -> None:
        """Look at the first workers once, as soon as there are any; local ones are what this process is."""
        if self._checked:
            return
        client, spec = self._connected(), self._settings[0]
        if not client.scheduler_info(n_workers=1)["n_workers"]:
            return  # those of a class may come later
        if spec.kind != "local":
            require_versions(client, self._plugins)
        require_resources(client, spec.resources, str(spec))
        self._checked = True

    def _open(self) -> None:
        try:
            self._client, self._cluster = connect(*self._settings)
        except BaseException as error:
            self._error = error

    def _hear(self, stamped: tuple[float, dict[str, Any]]) -> None:
        self._inbox.put(event_from_json(stamped[1]))

    def _connected(self) -> Client:
        self._opening.join()
        if self._error is not None:
            raise self._error
        if self._client is None or self._client.status != "running":
            raise PlaitError(
                "the Dask cluster went away\n    run again: what was finished is kept and not repeated"
            )
        return self._client

    def _collect(self, names: list[str]) -> dict[str, Finished]:
        futures = {name: self._futures.pop(name) for name in names}
        good = [name for name, future in futures.items() if future.status == "finished"]
        values = self._connected().gather([futures[name] for name in good], errors="raise") if good else []
        finished = {name: Finished(name, value) for name, value in zip(good, values, strict=True)}
        for name in names:
            if name not in finished:
                finished[name] = _failure(name, futures[name])
        return finished


def _failure(name: str, future: Future) -> Finished:
    from distributed import KilledWorker

    if future.status != "error":  # cancelled: the scheduler has gone or restarted
        return Finished(name, error=PlaitError(f"the cluster dropped the task ({future.status})"))
    error = future.exception()
    if isinstance(error, ImportError):
        error = UserError(
            f"a worker cannot import what the task needs: {error}\n"
            "    install the same packages there as here, plait among them"
        )
    if isinstance(error, KilledWorker):
        return Finished(name, error=error, blamed=str(error.task), worker=str(error.last_worker.address))
    return Finished(name, error=error)
