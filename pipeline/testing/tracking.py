"""The checks of trackers: every event of a run is heard, and none is changed."""

from __future__ import annotations

import contextlib
import copy
import tempfile
from typing import Any, get_args

from pipeline.stages.events import Event, EventName
from pipeline.testing.subject import NODE, Subject

_DATA: dict[str, dict[str, Any]] = {
    "run_started": {"trials": 2, "nodes": 3},
    "epoch_started": {"epoch": 1, "epochs": 3},
    "epoch_ended": {"epoch": 1, "epochs": 3, "metrics": {"1": {"loss": 0.5}, "2": {"loss": float("nan")}}},
    "node_ended": {"metrics": {"accuracy": 0.9}},
    "node_failed": {"cause": "ValueError: no"},
}


def check_tracker(subject: Subject) -> None:
    """Let a tracker hear a whole run, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for event in _run():
            before = copy.deepcopy(event)
            with subject.when(f"it hears {event.name}"):
                answer = subject.call(event)
            subject.require(answer is None, f"it must return nothing, and gives {answer!r} to {event.name}")
            subject.require(repr(event) == repr(before), f"it changes the event {event.name}")


def _run() -> list[Event]:
    return [
        Event(name, "run1", "" if name.startswith("run") else NODE, ("1", "2"), _DATA.get(name, {}), 0.0)
        for name in get_args(EventName)
    ]
