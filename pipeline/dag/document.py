"""From a text to located values: YAML's events, built into a tree with every limit in one place.

The tree is built here, not by ruamel.yaml, so that each value keeps its line and column, tags and
objects cannot be made, and aliases are counted before they are followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from pipeline.dag.located import Entry, Located, Scalar, Source
from pipeline.dag.problems import Problems
from pipeline.dag.scalars import resolve

DEEPEST = 32
MOST_REPEATED = 10_000


class _Abort(Exception):
    """Reading cannot go on; the problem is already noted."""


def parse(text: str, source: Source, problems: Problems) -> Located | None:
    """Read one YAML document; return None, with the problems noted, where that is not possible."""
    builder = _Builder(source, problems)
    try:
        return builder.document(YAML(typ="safe", pure=True).parse(text))
    except _Abort:
        return None
    except MarkedYAMLError as error:
        _note_syntax(error, source, problems)
    except ReaderError as error:
        line, column = _line_and_column(text, error.position)
        sign = f"U+{error.character:04X}" if isinstance(error.character, int) else repr(error.character)
        problems.add(Located(None, source, line, column), f"the character {sign} is not allowed in YAML")
    except (ValueError, IndexError, AttributeError, AssertionError, OverflowError) as error:
        # The YAML reader's own faults on hostile text, such as an escape past U+10FFFF.
        problems.add(builder.last, f"this is not YAML ({error})")
    return None


def _note_syntax(error: MarkedYAMLError, source: Source, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    if "\t" in (error.problem or "") or text[column - 1 : column] == "\t":
        _note_tabs(line, column, source, problems)
        return
    told = " ".join(part for part in (error.context, error.problem) if part)
    problems.add(Located(None, source, line, column), f"this is not YAML: {told}")


def _note_tabs(line: int, column: int, source: Source, problems: Problems) -> None:
    """Note the tab that stopped the reader, and every other line that is indented with one."""
    for number, text in enumerate(source.lines, start=1):
        indent = text[: len(text) - len(text.lstrip())]
        if number == line or "\t" in indent:
            at = column if number == line else indent.index("\t") + 1
            place = Located(None, source, number, at)
            problems.add(place, "a tab; YAML is indented with spaces", hint="replace it by spaces")


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


class _Builder:
    """Build located values from events; one for each text."""

    def __init__(self, source: Source, problems: Problems):
        self.source, self.problems = source, problems
        self.anchors: dict[str, Located] = {}
        self.open_anchors = 0
        self.repeated = 0
        self.last = Located(None, source)

    def document(self, events: Iterator[Any]) -> Located | None:
        root: Located | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self.fail(event, "a second document; a DAG file is one YAML document")
                root = self.value(next(events), events, 0)
        return root

    def value(self, event: Any, events: Iterator[Any], depth: int) -> Located:
        self.last = self.at(event)
        if isinstance(event, AliasEvent):
            return self.alias(event)
        if event.ctag is not None:
            self.fail(event, f"the tag {str(event.ctag)!r}; a DAG file holds plain values only")
        if depth > DEEPEST:
            self.fail(event, f"values are nested more than {DEEPEST} deep")
        self.open_anchors += bool(event.anchor)
        built = self.collection(event, events, depth)
        self.open_anchors -= bool(event.anchor)
        if event.anchor:
            self.anchors[event.anchor] = built
        return built

    def collection(self, event: Any, events: Iterator[Any], depth: int) -> Located:
        if isinstance(event, SequenceStartEvent):
            return self.sequence(event, events, depth)
        if isinstance(event, MappingStartEvent):
            return self.mapping(event, events, depth)
        return self.at(event, self.scalar(event))

    def sequence(self, start: Any, events: Iterator[Any], depth: int) -> Located:
        items = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(self.value(event, events, depth + 1))
        return self.at(start, tuple(items), 1 + sum(item.size for item in items))

    def mapping(self, start: Any, events: Iterator[Any], depth: int) -> Located:
        entries: dict[Scalar, Entry] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self.value(event, events, depth + 1)
            value = self.value(next(events), events, depth + 1)
            self.enter(entries, Entry(key, value))
        return self.at(start, entries, 1 + sum(entry.value.size for entry in entries.values()))

    def enter(self, entries: dict[Scalar, Entry], entry: Entry) -> None:
        name = entry.key.value
        if not isinstance(name, str | int | float | None):
            self.problems.add(entry.key, "a list or mapping as a key; a key is one word or number")
        elif name in entries:
            first = entries[name].key.line
            self.problems.add(entry.key, f"the key {name!r} is here twice; first on line {first}")
        else:
            entries[name] = entry

    def scalar(self, event: ScalarEvent) -> Scalar:
        text: str = event.value
        try:
            text.encode()
            return resolve(text) if event.implicit[0] else text
        except UnicodeEncodeError:
            self.problems.add(self.at(event), "half of a surrogate pair, which is not a character")
        except ValueError as error:
            self.problems.add(self.at(event), f"{error}; that cannot be meant")
        return None

    def alias(self, event: AliasEvent) -> Located:
        if self.open_anchors:
            self.fail(event, "an alias inside an anchored value", hint="write the value out")
        target = self.anchors.get(event.anchor)
        if target is None:
            self.fail(event, f"the alias *{event.anchor} has no finished anchor before it")
        self.repeated += target.size
        if self.repeated > MOST_REPEATED:
            self.fail(
                event, f"aliases repeat more than {MOST_REPEATED:,} values", hint="write the values out"
            )
        return target

    def at(self, event: Any, value: Any = None, size: int = 1) -> Located:
        mark = event.start_mark
        return Located(value, self.source, mark.line + 1, mark.column + 1, size)

    def fail(self, event: Any, message: str, hint: str = "") -> NoReturn:
        self.problems.add(self.at(event), message, hint=hint)
        raise _Abort
