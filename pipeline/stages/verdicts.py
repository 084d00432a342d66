"""What regularizers say after an epoch, on the host: rules and their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """What a rule says at the end of an epoch about its member.

    `best` asks to keep a copy of the weights of this epoch; a member whose rules ever did so ends with
    the copy last kept.  `stop` ends its training.
    """

    stop: bool = False
    best: bool = False


Rule = Callable[..., Verdict]


@dataclass(frozen=True)
class AfterEpoch:
    """A rule of the regularizer in `node`, with the options it was given (numbers or option tensors)."""

    node: str
    rule: Rule
    options: Mapping[str, Any]
