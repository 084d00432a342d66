"""Rules of a sweep: which options count beside which values (`when`), which settings are allowed (`where`).

when: {net.kernel: {net.layers: [2, 3]}}
where: [fit.batch_size <= net.width, adam.lr < 0.1]
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.dag import reading
from pipeline.dag.labels import shown
from pipeline.dag.located import Located
from pipeline.dag.problems import Problems

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_WHERE = re.compile(r"^\s*(\S+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class When:
    """The option `key` counts only where `other` has one of `values`."""

    key: str
    other: str
    values: tuple[Any, ...]

    def counts(self, setting: Mapping[str, Any]) -> bool:
        """Return whether the option counts in a setting."""
        return shown(setting[self.other]) in map(shown, self.values)


@dataclass(frozen=True, slots=True)
class Where:
    """A setting is allowed only if `left` compares to `right`, a key of the space or a number."""

    left: str
    sign: str
    right: str | float

    def holds(self, setting: Mapping[str, Any]) -> bool:
        """Return whether a setting is allowed; values that do not compare are not."""
        right = setting[self.right] if isinstance(self.right, str) else self.right
        try:
            return bool(OPERATORS[self.sign](setting[self.left], right))
        except TypeError:
            return False


def read_when(at: Located, space: Collection[str], problems: Problems) -> tuple[When, ...]:
    """Read `when`: for an option of the space, the values of another under which it counts."""
    rules = []
    for key, entry in reading.entries(at, "when", problems).items():
        if key not in space:
            reading.unknown(entry.key, f"{key!r} is not in the space", space, problems)
            continue
        for other, condition in reading.entries(entry.value, f"when of {key}", problems).items():
            if other not in space or other == key:
                others = [name for name in space if name != key]
                reading.unknown(condition.key, f"{other!r} is no other key of the space", others, problems)
                continue
            value = condition.value
            values = value.plain() if isinstance(value.value, tuple) else [value.plain()]
            rules.append(When(key, other, tuple(values)))
    return tuple(rules)


def read_where(at: Located, space: Collection[str], problems: Problems) -> tuple[Where, ...]:
    """Read `where`: comparisons of a key of the space with another or with a number."""
    rules = []
    items = [at] if isinstance(at.value, str) else reading.several(at, "where", problems) or []
    for item in items:
        told = reading.text(item, "a rule of where", problems)
        rule = _where(item, told, space, problems) if told else None
        if rule:
            rules.append(rule)
    return tuple(rules)


def _where(at: Located, told: str, space: Collection[str], problems: Problems) -> Where | None:
    match = _WHERE.match(told)
    if not match:
        problems.add(
            at,
            f"{told!r} is no comparison",
            allowed=("node.option <= node.option", "node.option < number"),
            hint=f"compare by {' '.join(OPERATORS)}",
        )
        return None
    left, sign, right = match.groups()
    if left not in space:
        reading.unknown(at, f"{left!r} is not in the space", space, problems)
        return None
    if right in space:
        return Where(left, sign, right)
    try:
        return Where(left, sign, float(right))
    except ValueError:
        reading.unknown(at, f"{right!r} is neither in the space nor a number", space, problems)
        return None
