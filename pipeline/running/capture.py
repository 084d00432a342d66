"""Keep what a stage prints, warns of and raises in a log file of its own, of a bounded size."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.errors import StoreError

MOST = 4 * 2**20
"""How many characters that a stage prints are kept from its beginning on."""
LAST = 2**16
"""How many are kept of the end of what is longer."""


class Log:
    """A log file into which everything goes that this thread writes to stdout and stderr.

    Of what is longer than `most` characters the rest is left out, but for its end.  Plait's own notes are
    always written.  A disk that refuses costs lines of the log and not the work that they tell of.  Other
    threads (a progress display, Dask's own) write where they always did.
    """

    def __init__(self, path: Path, most: int = MOST):
        self.path = path
        self._most = most
        self._stack = ExitStack()
        self._open = True
        self._full = False
        self._end = _End()

    def __enter__(self) -> Log:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # no buffer: what the disk refused would be tried again, and raised, when the file is closed
            self._file = self._stack.enter_context(self.path.open("ab", buffering=0))
        except OSError as error:
            raise StoreError(
                f"cannot write the log {self.path}: {error.strerror}\n"
                "    make room or give write permission there, or name another store"
            ) from error
        self._room = self._most - self._file.tell()  # a task that is tried again goes on in its log
        self._stack.enter_context(redirect_stdout(_Tee(self, sys.stdout)))
        self._stack.enter_context(redirect_stderr(_Tee(self, sys.stderr)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell_end()
        self._stack.close()

    def note(self, text: str) -> None:
        """Write a line of plait's own, with the time."""
        self._write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def failure(self, error: BaseException) -> None:
        """Write an exception with its traceback, after the end of what was printed."""
        self._tell_end()
        text = "".join(traceback.format_exception(error))
        self._write(text if len(text) <= 2 * LAST else f"{text[:LAST]}\n...\n{text[-LAST:]}")

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let this thread write to the real stdout and stderr for a moment, as a tracker does."""
        self._open = False
        try:
            yield
        finally:
            self._open = True

    def printed(self, text: str) -> None:
        """Write what the stage printed, as far as there is room for it."""
        kept = text[: max(self._room, 0)]
        self._room -= len(kept)
        self._write(kept)
        if len(kept) < len(text):
            if not self._full:
                self._full = True
                self.note(f"the log is full, with {self._most:,} characters: of what follows its end is kept")
            self._end.add(text, len(text) - len(kept))

    def takes(self, owner: int) -> bool:
        """Tell whether the current thread, if it is `owner`, writes here."""
        return self._open and not self._file.closed and threading.get_ident() == owner

    def fileno(self) -> int:
        """Return the file's descriptor, for processes that a stage starts."""
        return self._file.fileno()

    def _tell_end(self) -> None:
        left_out, text = self._end.told()
        if text:
            self.note(f"{left_out:,} characters are left out here; the last ones:")
            self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._file.write(text.encode("utf-8", "backslashreplace"))
        except OSError:
            return  # a full disk: what cannot do without it says so, where it writes a result


class _End:
    """The last characters of what there was no room for."""

    def __init__(self) -> None:
        self._taken = self._held = 0
        self._chunks: deque[str] = deque()

    def add(self, text: str, count: int) -> None:
        """Take the last `count` characters of a text."""
        chunk = text[-min(count, LAST) :]
        self._taken += count
        self._held += len(chunk)
        self._chunks.append(chunk)
        while self._held - len(self._chunks[0]) >= LAST:
            self._held -= len(self._chunks.popleft())

    def told(self) -> tuple[int, str]:
        """Return how many characters are lost, and those that are not; then begin anew."""
        text = "".join(self._chunks)[-LAST:]
        lost = self._taken - len(text)
        self._taken = self._held = 0
        self._chunks.clear()
        return lost, text


class _Tee(TextIOBase):
    def __init__(self, log: Log, other: TextIO):
        self._log, self._other, self._owner = log, other, threading.get_ident()

    def write(self, text: str) -> int:
        if not self._log.takes(self._owner):
            return self._other.write(text)
        self._log.printed(text)
        return len(text)

    def flush(self) -> None:
        if not self._log.takes(self._owner):
            self._other.flush()

    def isatty(self) -> bool:
        return not self._log.takes(self._owner) and self._other.isatty()

    def fileno(self) -> int:
        return self._log.fileno() if self._log.takes(self._owner) else self._other.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8" if self._log.takes(self._owner) else self._other.encoding or "utf-8"
