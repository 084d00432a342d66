"""What regularizers say after an epoch, on the host: rules and their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import DataError

HIGHER_IS_BETTER = ("accuracy",)


@dataclass(frozen=True)
class Verdict:
    """What a rule says at the end of an epoch about its member.

    `best` asks to keep a copy of the weights of this epoch; a member whose rules ever did so ends with
    the copy last kept.  `stop` ends its training.  `rate` is the factor on the optimizer's option `lr` in
    the next epoch; those of several rules are multiplied, and a schedule's comes on top.
    """

    stop: bool = False
    best: bool = False
    rate: float = 1.0


Rule = Callable[..., Verdict]


def watched(history: Sequence[Mapping[str, float]], metric: str) -> list[float]:
    """Return a metric after each epoch, with its sign changed where higher is better.

    DataError where it was not recorded.
    """
    sign = -1 if metric in HIGHER_IS_BETTER else 1
    for record in history:
        if metric not in record:
            raise DataError(
                f"it watches {metric!r} on the validation split, and there are only {', '.join(record)}\n"
                "    add a validation split (transform.split) or watch another metric"
            )
    return [sign * record[metric] for record in history]


@dataclass(frozen=True)
class AfterEpoch:
    """A rule of the regularizer in `node`, with the options it was given (numbers or option tensors)."""

    node: str
    rule: Rule
    options: Mapping[str, Any]
