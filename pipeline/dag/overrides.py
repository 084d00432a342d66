"""Overrides: "adam.lr=1e-2" on the command line, written into the file's values before they are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.dag import reading
from pipeline.dag.document import parse
from pipeline.dag.located import Entry, Located, Source
from pipeline.dag.problems import Problems

TOP = ("name", "seed", "dtype", "sweep.search", "sweep.space", "sweep.seeds", "cluster")


def apply(root: Located, overrides: Sequence[str], problems: Problems) -> Located:
    """Return `root` with every override written in; note those that name nothing or are no YAML.

    An override of an option takes that option out of the sweep.
    """
    for override in overrides:
        source = Source(f"--set {override}" if override.isprintable() else "--set")
        key, sign, text = override.partition("=")
        at = Located(key.strip(), source)
        if not sign or not key.strip():
            problems.add(at, "an override is written key=value", allowed=("node.option=value", *TOP))
            continue
        value = _value(text, source, problems)
        if value is not None:
            root = _override(root, at, value, problems)
    return root


def _value(text: str, source: Source, problems: Problems) -> Located | None:
    if not text.strip():
        return Located(None, source)
    read = parse(text, source, problems)
    return _without_lines(read, source) if read else None


def _without_lines(at: Located, source: Source) -> Located:
    """Return the value at no line: an override is one line, which its source's name already shows."""
    if isinstance(at.value, tuple):
        return Located(tuple(_without_lines(item, source) for item in at.value), source, size=at.size)
    if isinstance(at.value, Mapping):
        inner = {
            key: Entry(_without_lines(entry.key, source), _without_lines(entry.value, source))
            for key, entry in at.value.items()
        }
        return Located(inner, source, size=at.size)
    return Located(at.value, source, size=at.size)


def _override(root: Located, key: Located, value: Located, problems: Problems) -> Located:
    path = str(key.value)
    node, _, option = path.partition(".")
    if path in TOP:
        return _write(root, path.split("."), key, value)
    if path.startswith("sweep.space."):
        return _write(root, ["sweep", "space", path.removeprefix("sweep.space.")], key, value)
    nodes = _keys(root, ["nodes"])
    if option and node in nodes:
        return _write(_without_axis(root, path), ["nodes", node, "options", option], key, value)
    allowed = [*TOP, *(f"{name}.{option or '…'}" for name in nodes)]
    reading.unknown(key, f"there is no {path!r} to override", allowed, problems)
    return root


def _write(at: Located, path: Sequence[str], key: Located, value: Located) -> Located:
    """Return `at` with `value` under `path`, making what is missing on the way."""
    name, rest = path[0], path[1:]
    entries = dict(at.value) if isinstance(at.value, Mapping) else {}
    old = entries.get(name)
    entry_key = old.key if old and rest else Located(name, key.source)
    inner = _write(old.value if old else Located(None, key.source), rest, key, value) if rest else value
    return Located({**entries, name: Entry(entry_key, inner)}, at.source, at.line, at.column)


def _without_axis(root: Located, name: str) -> Located:
    """Return `root` with the option no longer swept; with the last one goes what was to search them."""
    if name not in _keys(root, ["sweep", "space"]):
        return root
    root = _without(root, ["sweep", "space"], name)
    return root if "space" in _keys(root, ["sweep"]) else _without(root, ["sweep"], "search")


def _without(at: Located, path: Sequence[str], name: str) -> Located:
    """Return `at` without the key `name` under `path`, and without the mappings that it leaves empty."""
    if not isinstance(at.value, Mapping):
        return at
    entries = dict(at.value)
    if not path:
        entries.pop(name, None)
    elif path[0] in entries:
        inner = _without(entries[path[0]].value, path[1:], name)
        if inner.value == {} and entries[path[0]].value.value != {}:
            del entries[path[0]]
        else:
            entries[path[0]] = Entry(entries[path[0]].key, inner)
    return Located(entries, at.source, at.line, at.column)


def _keys(at: Located, path: Sequence[str]) -> list[str]:
    for name in path:
        at = (
            at.value[name].value
            if isinstance(at.value, Mapping) and name in at.value
            else Located(None, at.source)
        )
    return [key for key in at.value if isinstance(key, str)] if isinstance(at.value, Mapping) else []
