"""Values that know where they stand: what a DAG file is while it is being checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Scalar = str | int | float | bool | None
LONGEST_LINE = 160


@dataclass(frozen=True, slots=True)
class Source:
    """A text that values come from: a file, or one override of the command line."""

    name: str
    lines: tuple[str, ...] = ()

    def line(self, number: int, column: int) -> str:
        """Return line `number` (from 1) as it may be printed; "" where `column` lies past what is shown."""
        if not 0 < number <= len(self.lines) or column > LONGEST_LINE:
            return ""
        text = self.lines[number - 1]
        shown = text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…"
        return "".join(sign if sign.isprintable() else " " for sign in shown)


@dataclass(frozen=True, slots=True)
class Located:
    """A value and its place; a list is a tuple of located values, a mapping holds entries."""

    value: Scalar | tuple[Located, ...] | Mapping[Scalar, Entry]
    source: Source
    line: int = 0
    column: int = 0
    size: int = 1

    def plain(self) -> Any:
        """Return the value without places: None, numbers, texts, lists and dicts of them."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: entry.value.plain() for key, entry in self.value.items()}
        return self.value

    def __iter__(self) -> Iterator[Located]:
        return iter(self.value if isinstance(self.value, tuple) else ())


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value, both with their places."""

    key: Located
    value: Located


def describe(value: Any) -> str:
    """Say what a value is, for messages: "a list", "the number 3", "the text 'x'"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value if len(value) <= 40 else value[:40] + '…'!r}"
    return "a mapping" if isinstance(value, Mapping) else "a list"
