"""What a plain YAML word means: the core schema of YAML 1.2.2, section 10.3.2, and nothing else.

So `yes`, `on` and `2024-01-01` are texts, and `1e-3` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.dag.located import Scalar

LONGEST_NUMBER = 400


def _float(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_WORDS: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: _float(text.lower())),
)


def resolve(text: str) -> Scalar:
    """Return the value of a plain (unquoted) scalar; raise ValueError for numbers too long to be meant."""
    for pattern, convert in _WORDS:
        if pattern.fullmatch(text):
            if len(text) > LONGEST_NUMBER:
                raise ValueError(f"a number of {len(text)} digits")
            return convert(text)
    return text
