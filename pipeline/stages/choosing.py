"""Weights and activations chosen by a pattern of their names, and what is done to the weights chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from pipeline.errors import OptionError, nearest

EVERYTHING = "*"


def chosen(pattern: str, named: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return those of `named` whose names fit `pattern`: `*` is any text, `?` any letter.

    OptionError where there is none, unless everything was asked for.
    """
    found = {name: value for name, value in named.items() if fnmatchcase(name, pattern)}
    if not found and pattern != EVERYTHING:
        raise OptionError(
            f"`only` is {pattern!r}, which fits no {what} of the model\n"
            f"    allowed: {', '.join(named) or 'none: it has no such'}\n"
            f"    {nearest(pattern, named)}".rstrip()
        )
    return found


@dataclass
class Changes:
    """Functions, each with the names of the weights that it changes, in the order in which they came."""

    functions: list[tuple[Callable[[Any], Any], tuple[str, ...]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.functions)

    def of(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters after every function."""
        result = dict(parameters)
        for function, names in self.functions:
            for name in names:
                result[name] = function(result[name])
        return result
