"""The one exception family: what happened, where, what is allowed, what to do.

The command turns each class into an exit code and never shows a traceback for a `UserError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class PlaitError(Exception):
    """Anything that plait raises on purpose; `exit_code` is what the command ends with."""

    exit_code = 3


class UserError(PlaitError):
    """The user's input is wrong: a file, an option, data, a store.  Exit code 2."""

    exit_code = 2


class OptionError(UserError):
    """An option is unknown, missing, of the wrong type or out of its range."""


class DataError(UserError):
    """Data cannot serve: NaN, labels out of range, an empty split, a text column."""


class ShapeError(UserError):
    """Shapes or dtypes do not fit; the message names both and the operation or node."""


class StoreError(UserError):
    """The store cannot be read or written: no permission, no space, not a store."""


class StageError(PlaitError):
    """A stage raised; its traceback is in the trial's log.  Exit code 1."""

    exit_code = 1


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a DAG file; `line` and `column` count from 1, 0 where there is no place."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        lines = [f"{place}: {self.message}" if place else self.message]
        if self.source:
            lines += [f"    {self.source}", f"    {' ' * (self.column - 1)}^"]
        if self.allowed:
            lines.append(f"    allowed: {self.allowed}")
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


class DagError(UserError):
    """A DAG file has problems; all of them are in `problems`, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the candidate most like `name`, or "" if none is near."""
    matches = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else ""
