"""What an annotation allows, in words: "a number greater than 0", "'relu' or 'tanh'"."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union

from annotated_types import BaseMetadata, GroupedMetadata

MEANT = "float, int, bool, str, Literal, tuple, dict[str, ...], None and unions of these"

_WORDS = {
    float: ("a number", "numbers"),
    int: ("a whole number", "whole numbers"),
    bool: ("true or false", "true or false"),
    str: ("text", "texts"),
    type(None): ("null", "null"),
}
_LIMITS = {
    "gt": "greater than {}",
    "ge": "at least {}",
    "lt": "less than {}",
    "le": "at most {}",
    "multiple_of": "a multiple of {}",
    "min_length": "with {} or more items",
    "max_length": "with {} or fewer items",
}


def strip(annotation: Any) -> Any:
    """Return the bare type of an annotation."""
    return strip(annotation.__origin__) if typing.get_origin(annotation) is Annotated else annotation


def allowed(annotation: Any) -> str:
    """Say what values `annotation` allows."""
    return _phrase(annotation, 0)


def choices(annotation: Any) -> list[str]:
    """Return the names that an annotation offers, wherever they stand in it."""
    bare = strip(annotation)
    if typing.get_origin(bare) is Literal:
        return [value for value in typing.get_args(bare) if isinstance(value, str)]
    return [name for part in typing.get_args(bare) for name in choices(part)]


def _phrase(annotation: Any, plural: int) -> str:
    if typing.get_origin(annotation) is Annotated:
        words, limits = _phrase(annotation.__origin__, plural), " and ".join(_limits(annotation.__metadata__))
        return f"{words} {limits}" if limits and not plural else f"{words} ({limits})" if limits else words
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return _or([repr(value) for value in arguments])
    if origin is tuple:
        return _list(arguments, plural)
    if origin is dict:
        return f"{('a table', 'tables')[plural]} of {_phrase(arguments[1], 1)} by name"
    if origin in (Union, types.UnionType):
        return _or([_phrase(item, plural) for item in arguments])
    return _WORDS[annotation][plural]


def _list(arguments: tuple[Any, ...], plural: int) -> str:
    what = ("a list", "lists")[plural]
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return f"{what} of {_phrase(arguments[0], 1)}"
    return f"{what} of {len(arguments)}: {', '.join(_phrase(item, 0) for item in arguments)}"


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else words[0]


def _limits(metadata: tuple[Any, ...]) -> list[str]:
    found: dict[str, Any] = {}
    for item in metadata:
        for part in _flat(item):
            found |= {name: getattr(part, name) for name in _LIMITS if getattr(part, name, None) is not None}
    return [text.format(found[name]) for name, text in _LIMITS.items() if name in found]


def _flat(item: Any) -> list[Any]:
    # pydantic's Field(gt=0) keeps its limits in `metadata`; Interval and Len are groups of limits.
    if isinstance(item, GroupedMetadata) and not isinstance(item, BaseMetadata):
        return list(item)
    return list(getattr(item, "metadata", ())) or [item]
