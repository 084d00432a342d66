"""The list of what is wrong: a DAG file is read to its end, and all problems are shown at once."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.dag.located import Located
from pipeline.errors import DagError, Problem

MOST_ALLOWED = 30
# With more, a file is something else than a DAG file with mistakes, and its end may be minutes away.
MOST_PROBLEMS = 100


class Problems:
    """Collect problems with their places; `raise_if_any` ends the reading, and so does too long a list."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, at: Located, message: str, *, allowed: Iterable[object] = (), hint: str = "") -> None:
        """Note a problem at a value's place, with what is allowed there and what to do."""
        source = at.source.line(at.line, at.column)
        self.found.append(
            Problem(message, at.source.name, at.line, at.column, source, _listing(allowed), hint)
        )
        if len(self.found) >= MOST_PROBLEMS:
            stopped = f"{MOST_PROBLEMS} problems were found, then reading stopped; there may be more"
            raise DagError([Problem(stopped), *self.found])

    def raise_if_any(self) -> None:
        """Raise a DagError with everything found so far, if something was."""
        if self.found:
            raise DagError(self.found)


def _listing(allowed: Iterable[object]) -> str:
    names = [str(name) for name in allowed]
    rest = len(names) - MOST_ALLOWED
    return ", ".join(names[:MOST_ALLOWED]) + (f" and {rest} more" if rest > 0 else "")
