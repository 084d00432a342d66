"""What a tracker hears: one record for each moment in a run's life."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EventName = Literal[
    "run_started",
    "run_ended",
    "run_failed",
    "node_started",
    "node_ended",
    "node_failed",
    "epoch_started",
    "epoch_ended",
    "epoch_failed",
]


@dataclass(frozen=True)
class Event:
    """Something happened; `node` and `trials` are empty for events of the whole run.

    `data` holds what belongs to the name: counts and the plan for `run_started`, metrics for
    `node_ended`, `epoch`, `epochs` and metrics for epochs, the cause for failures.
    `at` is in seconds since the Unix epoch.  `memory` is the tracker's own: the same dict in all events of
    a run that one tracker hears, empty at first, so that a tracker keeps nothing in its module.
    """

    name: EventName
    run: str = ""
    node: str = ""
    trials: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
