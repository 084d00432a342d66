"""A run captured as one CUDA graph, so that its kernels start without Python in between.

The first run is an ordinary one (kernels are compiled in it); the second is captured; all from then on
launch the graph.  Where a run cannot be captured it goes on as before, and a line in the log says why, once.
Nothing may be allocated while a stream captures: the memory would be free again when the graph uses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from pipeline.engine.executor import Executor

log = logging.getLogger(__name__)


def replayed(executor: Executor) -> Callable[[], None]:
    """Return what runs an executor again and again, by a captured graph where the backend has them."""
    has_graphs = hasattr(executor.backend.xp, "cuda")
    return _Replay(executor).run if has_graphs else executor.run


class _Replay:
    def __init__(self, executor: Executor):
        self._executor = executor
        self._runs = 0
        self._run = executor.run

    def run(self) -> None:
        """Run once."""
        self._runs += 1
        if self._runs == 2:
            self._capture()
        self._run()

    def _capture(self) -> None:
        try:
            self._run = captured(self._executor.backend.xp, self._executor.run)
        except Exception as error:  # whatever CuPy or CUDA cannot do in a capture, the run itself can
            _say(f"{type(error).__name__}: {error}".splitlines()[0])


@cache
def _say(reason: str) -> None:
    """Log a reason, once in a process."""
    log.warning("steps run kernel by kernel, not as one CUDA graph: %s", reason)


def captured(xp: ModuleType, run: Callable[[], None]) -> Callable[[], None]:
    """Return what launches the work of `run` as a graph; nothing is run.  Raises what prevents it."""
    stream = xp.cuda.Stream(non_blocking=True)
    with stream, xp.cuda.using_allocator(_refuse):
        stream.begin_capture()
        try:
            run()
        except BaseException:
            _abandon(stream)
            raise
        graph = stream.end_capture()
    return graph.launch  # type: ignore[no-any-return]


def _abandon(stream: Any) -> None:
    try:
        stream.end_capture()
    except Exception as error:  # an invalidated capture ends with an error, too; the first one is told
        log.debug("the capture ended with %s", error)


def _refuse(size: int) -> Any:
    raise MemoryError(f"the run allocates {size} bytes, which a captured graph must not")
