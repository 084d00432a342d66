"""Where tasks run, as the driver sees it: hand in a graph, wait for what happens.

A graph is a dict of `dask._task_spec.Task`.  A task may refer to others of its own graph and to
tasks handed in earlier that have not been reported finished.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dask._task_spec import Task

from pipeline.stages.events import Event


@dataclass(frozen=True)
class Finished:
    """A task ended: with what it returned, or with the error that kept it from returning."""

    name: str
    value: Any = None
    error: BaseException | None = None
    blamed: str = ""  # the task that killed its worker, where that is what happened
    worker: str = ""  # and which worker that was last


class Pool(Protocol):
    """A place that runs tasks."""

    workers: int

    @property
    def task_options(self) -> Mapping[str, Any]:
        """What every task of this pool is called with by name."""

    def start(self, graph: Mapping[str, Task]) -> None:
        """Take a graph's tasks; they begin when their inputs are there and a worker is free."""

    def wait(self, seconds: float) -> list[Finished | Event]:
        """Return what happened since the last call, waiting at most `seconds` for something to happen."""

    def close(self) -> None:
        """Give back what the pool holds; tasks that still run are killed where that is possible."""


@dataclass
class InlinePool:
    """Runs tasks in this process, one at each `wait`, in the order in which they came."""

    emit: Callable[[Event], None]
    workers: int = 1
    task_options: Mapping[str, Any] = field(init=False)
    _waiting: deque[Task] = field(default_factory=deque)
    _values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.task_options = {"emit": self.emit}

    def start(self, graph: Mapping[str, Task]) -> None:
        """Queue the tasks; a graph's order is one in which they can run."""
        self._waiting.extend(graph.values())

    def wait(self, seconds: float) -> list[Finished | Event]:
        """Run the next task."""
        if not self._waiting:
            return []
        task = self._waiting.popleft()
        value = task({name: self._values[name] for name in task.dependencies})
        self._values[task.key] = value
        needed = {name for other in self._waiting for name in other.dependencies}
        self._values = {name: value for name, value in self._values.items() if name in needed}
        return [Finished(task.key, value)]

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
