"""Names for people: values as a DAG file writes them, and the labels of trials and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.dag.scalars import resolve

_SIGNS = frozenset(" ,=[]{}:'\"")


def shown(value: object) -> str:
    """Write a value as a DAG file would: true, null, [64, 32], short numbers, plain words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{shown(item)}' for key, item in value.items())}}}"
    text = str(value)
    return text if isinstance(value, int) or _is_word(text) else repr(text)


def _is_word(text: str) -> bool:
    """Say whether a text needs no quotes: no sign of YAML's or a label's in it, and not read as a number."""
    try:
        return text.isprintable() and not _SIGNS & set(text) and resolve(text) == text
    except ValueError:
        return False


def label(settings: Iterable[tuple[str, Any]]) -> str:
    """Write settings as a label: "adam.lr=0.001 decay.strength=0 seed=2"."""
    return " ".join(f"{key}={shown(value)}" for key, value in settings)


def article(noun: str) -> str:
    """Put "a" or "an" before a noun, nothing before the plural "metrics"."""
    if noun == "metrics":
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
