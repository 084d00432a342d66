"""Where a search looks: lists of values and ranges of numbers, by "node.option".

A search gets a `Space`, a mapping whose values are a sequence or a `Range`.  `space.at(shares)` makes a
setting of one number in [0, 1) for each key, so that whatever spreads points over a cube can search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from pipeline.errors import UserError

Setting = dict[str, Any]
DIGITS = 6  # of a number from a range: enough to search, few enough to read


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high`, both included; `log` spreads them by ratio, `whole` are integers."""

    low: float | int
    high: float | int
    log: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """Return the number at a share in [0, 1) of the range; equal shares are equally likely."""
        if self.whole:
            # each integer has the share from itself to the next
            return min(math.floor(self._between(share, self.high + 1)), int(self.high))
        found = float(f"{self._between(share, self.high):.{DIGITS}g}")
        return min(max(found, self.low), self.high)

    def spread(self, count: int) -> list[float | int]:
        """Return `count` numbers from `low` to `high` at equal distances, each once."""
        shares = [i / (count - 1) for i in range(count)] if count > 1 else [0.0]
        exact = [float(f"{self._between(share, self.high):.{DIGITS}g}") for share in shares]
        numbers = [round(number) if self.whole else min(max(number, self.low), self.high) for number in exact]
        return list(dict.fromkeys(numbers))

    def _between(self, share: float, high: float) -> float:
        if self.log:
            return self.low * math.exp(share * math.log(high / self.low))
        return self.low + share * (high - self.low)


Values = Sequence[Any] | Range


class Space(dict[str, Values]):
    """The values of each key, and which settings of them make sense.

    `settled` is applied to each setting that is made: it gives options that do not count beside the others
    one value, so that settings that differ by nothing else are one.  `allows` says which settings may be.
    """

    def __init__(
        self,
        values: Mapping[str, Values],
        *,
        settled: Callable[[Setting], Setting] = lambda setting: setting,
        allows: Callable[[Mapping[str, Any]], bool] = lambda setting: True,
    ):
        super().__init__(values)
        self.settled = settled
        self.allows = allows

    def at(self, shares: Sequence[float]) -> Setting:
        """Return the setting at one share in [0, 1) for each key, in their order."""
        pairs = zip(self.items(), shares, strict=True)
        return self.settled({key: value_at(values, share) for (key, values), share in pairs})

    def proposed(self, points: Iterable[Sequence[float]]) -> list[Setting]:
        """Return the settings at points of the unit cube (points, keys) that are allowed, each once."""
        settings = [self.at(list(point)) for point in points]
        return list({repr(setting): setting for setting in settings if self.allows(setting)}.values())

    def combinations(self) -> Iterator[Setting]:
        """Yield every combination of values, the last key varying fastest, each once.

        UserError where a range of numbers is among them.
        """
        lists = self._lists()
        if lists is None:
            ranges = ", ".join(key for key, values in self.items() if isinstance(values, Range))
            raise UserError(
                f"{ranges}: a range has no end of values to combine\n"
                "    give it a count, list values, or draw from it by search: random"
            )
        seen = set()
        for values in product(*lists):
            setting = self.settled(dict(zip(self, values, strict=True)))
            if repr(setting) not in seen:
                seen.add(repr(setting))
                yield setting

    @property
    def count(self) -> int | None:
        """How many combinations of values there are; None where a range of numbers is among them."""
        lists = self._lists()
        return None if lists is None else math.prod(map(len, lists))

    def _lists(self) -> list[Sequence[Any]] | None:
        lists = [values for values in self.values() if not isinstance(values, Range)]
        return lists if len(lists) == len(self) else None


def value_at(values: Values, share: float) -> Any:
    """Return the value at a share in [0, 1) of a list or range."""
    return values.at(share) if isinstance(values, Range) else values[int(share * len(values))]
