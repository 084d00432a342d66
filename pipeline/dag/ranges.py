"""A range of numbers in the space of a sweep: `{from: 1e-4, to: 0.1, scale: log, count: 5}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.dag import reading, stageuse
from pipeline.dag.located import Located, describe
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.space import Range

KEYS = ("from", "to", "scale", "count")
SCALES = ("linear", "log")


@dataclass(frozen=True)
class RangeDraft:
    """A range as it is written: its ends are checked once the node's options are known."""

    at: Located
    low: Located
    high: Located
    log: bool
    count: int | None


def read(at: Located, key: str, problems: Problems) -> RangeDraft | None:
    """Read the range of `key`; None, with the problem noted, where it is none."""
    found = reading.entries(at, f"the range of {key}", problems, KEYS)
    missing = [end for end in ("from", "to") if end not in found]
    if missing:
        problems.add(at, f"the range of {key} has no {missing[0]!r}", hint="give from and to, two numbers")
        return None
    low, high = found["from"].value, found["to"].value
    if not (_is_number(low, key, problems) and _is_number(high, key, problems)):
        return None
    log = _scale(found["scale"].value, key, problems) == "log" if "scale" in found else False
    count = reading.whole(found["count"].value, "count", 2, problems) if "count" in found else None
    if not low.value < high.value:  # type: ignore[operator]
        problems.add(
            at, f"the range of {key} goes from {low.value} to {high.value}", hint="from less to more"
        )
        return None
    if log and not low.value > 0:  # type: ignore[operator]
        problems.add(low, f"a log scale from {low.value}", allowed=("numbers greater than 0",))
        return None
    return RangeDraft(at, low, high, log, count)


def finish(key: str, draft: RangeDraft, node: Draft, problems: Problems) -> Range | tuple[Any, ...]:
    """Return the range, its ends checked by the node's stage; the values of one that has a count."""
    option = key.partition(".")[2]
    ends = [draft.low.value, draft.high.value]
    if node.stage:
        before = len(problems.found)
        ends = [
            stageuse.check_value(node.stage, option, end, node.options, problems)
            for end in (draft.low, draft.high)
        ]
        if len(problems.found) > before:
            return ()
        if any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends):
            problems.add(draft.at, f"{key} takes no numbers, so it has no range", hint="list its values")
            return ()
    low, high = ends
    found = Range(low, high, draft.log, all(isinstance(end, int) for end in ends))  # type: ignore[arg-type]
    return found if draft.count is None else tuple(found.spread(draft.count))


def is_range(at: Located) -> bool:
    """Say whether a value is written as a range."""
    return isinstance(at.value, Mapping)


def _is_number(at: Located, key: str, problems: Problems) -> bool:
    if isinstance(at.value, int | float) and not isinstance(at.value, bool):
        return True
    problems.add(at, f"an end of the range of {key} is {describe(at.value)}; it has to be a number")
    return False


def _scale(at: Located, key: str, problems: Problems) -> str | None:
    return reading.choice(at, f"the scale of {key}", SCALES, problems)
