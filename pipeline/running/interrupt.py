"""Ctrl-C and SIGTERM during a run: once asks for a clean stop, twice ends at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While inside, a first signal calls `ask`, and a second one raises KeyboardInterrupt.

    Signals reach only the main thread; elsewhere this does nothing.
    """

    def __init__(self, ask: Callable[[], None]):
        self._ask = ask
        self._stream = sys.stderr  # while a stage runs, sys.stderr is its log
        self._before: dict[signal.Signals, Any] = {}
        self.asked = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("stopping after the current epoch; once more ends at once", file=self._stream, flush=True)
        self._ask()
