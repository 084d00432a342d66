"""Keep what a stage prints, warns of and raises in a log file of its own."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.errors import StoreError


class Log:
    """A log file into which everything goes that this thread writes to stdout and stderr.

    Other threads (a progress display, Dask's own) write where they always did.
    """

    def __init__(self, path: Path):
        self.path = path
        self._stack = ExitStack()
        self._open = True

    def __enter__(self) -> Log:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._stack.enter_context(self.path.open("a", encoding="utf-8", buffering=1))
        except OSError as error:
            raise StoreError(
                f"cannot write the log {self.path}: {error.strerror}\n"
                "    make room or give write permission there, or name another store"
            ) from error
        self._stack.enter_context(redirect_stdout(_Tee(self, sys.stdout)))
        self._stack.enter_context(redirect_stderr(_Tee(self, sys.stderr)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def note(self, text: str) -> None:
        """Write a line of plait's own, with the time."""
        self._file.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def failure(self, error: BaseException) -> None:
        """Write an exception with its traceback."""
        self._file.write("".join(traceback.format_exception(error)))

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let this thread write to the real stdout and stderr for a moment, as a tracker does."""
        self._open = False
        try:
            yield
        finally:
            self._open = True

    def stream(self, other: TextIO, owner: int) -> TextIO:
        """Return where the current thread writes: this log for the thread `owner`, else `other`."""
        mine = self._open and not self._file.closed and threading.get_ident() == owner
        return self._file if mine else other


class _Tee(TextIOBase):
    def __init__(self, log: Log, other: TextIO):
        self._log, self._other, self._owner = log, other, threading.get_ident()

    def _stream(self) -> TextIO:
        return self._log.stream(self._other, self._owner)

    def write(self, text: str) -> int:
        return self._stream().write(text)

    def flush(self) -> None:
        self._stream().flush()

    def isatty(self) -> bool:
        return self._stream().isatty()

    def fileno(self) -> int:
        return self._stream().fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream().encoding or "utf-8"
