"""What a command prints: one JSON object on stdout for scripts, or tables and sentences for people."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PIPE_WIDTH = 1000  # tables take what they need of it, and no sentence is broken


def write_json(record: Mapping[str, Any]) -> None:
    """Print `record` as one JSON object on stdout; numbers that JSON lacks (NaN, inf) become null."""
    print(json.dumps(_plain(record), indent=2, ensure_ascii=False))


def write(*renderables: Any) -> None:
    """Print tables and sentences on stdout, as wide as the terminal, or as they need to be in a pipe."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    # a label such as fit[adam.lr=0.1] is text, not a style
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    for renderable in renderables:
        console.print(renderable)


def near(path: str) -> str:
    """Return `path` from the current folder where it lies below it."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def notice(sentence: str) -> None:
    """Say something beside the result, on stderr."""
    print(sentence, file=sys.stderr)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)
