"""Events on their way: from a worker as plain values, to the trackers that want to hear of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.stages.events import Event

if TYPE_CHECKING:
    from pipeline.dag.spec import StageUse
    from pipeline.stages.registry import Registry

Tracker = Callable[[Event], None]


def event_to_json(event: Event) -> dict[str, Any]:
    """Return an event as plain values, for Dask's messages."""
    return {
        "name": event.name,
        "run": event.run,
        "node": event.node,
        "trials": list(event.trials),
        "data": dict(event.data),
        "at": event.at,
    }


def event_from_json(json: Mapping[str, Any]) -> Event:
    """Read what `event_to_json` gave; Dask has added the worker's address to it."""
    trials = tuple(json["trials"])
    return Event(json["name"], json["run"], json["node"], trials, json["data"], json["at"])


class Trackers:
    """Tells every tracker of every event, in order; one that raises is told nothing more."""

    def __init__(self, trackers: Iterable[Tracker]):
        self._trackers: list[tuple[Tracker, dict[str, Any]]] = [(tracker, {}) for tracker in trackers]

    def tell(self, event: Event) -> None:
        """Tell all; a tracker's failure is a warning and never the run's."""
        for tracker, memory in list(self._trackers):
            try:
                tracker(replace(event, memory=memory))
            except Exception as error:
                self._trackers.remove((tracker, memory))
                warnings.warn(
                    f"the tracker {_name(tracker)} failed at {event.name} and hears nothing more: "
                    f"{type(error).__name__}: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def file_trackers(uses: Sequence[StageUse], registry: Registry) -> list[Tracker]:
    """Return the trackers that a DAG file names, with their options."""
    return [partial(stage.function, **stage.check(use.options)) for use, stage in _stages(uses, registry)]


def _stages(uses: Sequence[StageUse], registry: Registry) -> list[tuple[StageUse, Any]]:
    return [(use, registry.stage(use.stage)) for use in uses]


def _name(tracker: Tracker) -> str:
    function = tracker.func if isinstance(tracker, partial) else tracker
    return str(getattr(function, "__name__", type(function).__name__))
