"""What a task has at hand: the store, the stages, its log, a way to tell events, a look at the stop flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.running.capture import Log
from pipeline.running.checkpoints import Checkpoints
from pipeline.running.jobs import Input, Job, Piece
from pipeline.running.objects import ArraysFile
from pipeline.running.outcomes import Outcome
from pipeline.running.store import DamagedObject, Store
from pipeline.running.values import from_stored, metrics_of, to_parts
from pipeline.stages.events import Event

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

Emit = Callable[[Event], None]


class Stopped(BaseException):
    """The driver asked for a stop.  No `Exception`, so that a stage's own handlers do not swallow it."""


class MissingInputs(Exception):
    """Inputs are not in the store, or were damaged there and are set aside now; `notes` say which."""

    def __init__(self, instances: tuple[int, ...], notes: tuple[str, ...] = ()):
        super().__init__(instances)
        self.instances, self.notes = instances, notes


@dataclass
class Workplace:
    """One task's surroundings.  Values read from the store are kept while the task lives."""

    job: Job
    store: Store
    registry: Registry
    log: Log
    told: Emit
    worker: str
    _values: dict[str, Any] = field(default_factory=dict)
    _files: list[ArraysFile] = field(default_factory=list)

    def outcome(self, piece: Piece) -> Outcome:
        """Return the outcome of a piece for which all goes well."""
        return Outcome(piece.instance, piece.label, "done", piece.key, log=self.job.log, worker=self.worker)

    def emit(self, event: Event) -> None:
        """Tell an event on behalf of this run; raise Stopped if the driver asked for a stop."""
        with self.log.released():
            self.told(replace(event, run=self.job.run))
        if event.name != "epoch_started":  # a training ends where it has a checkpoint: after an epoch
            self.look()

    def look(self) -> None:
        """Raise Stopped if the driver asked for a stop."""
        if self._stops():
            raise Stopped

    def _stops(self) -> bool:
        return Path(self.job.stop).exists()

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """The checkpoints of what trains here; one is due at once where the driver asked for a stop."""
        return Checkpoints(self.store.root, hurried=self._stops, note=self.log.note)

    def read(self, inputs: list[Input]) -> None:
        """Bring inputs in from the store; MissingInputs names all that cannot be had."""
        missing, notes = [], []
        for taken in inputs:
            try:
                if taken.key not in self._values:
                    stored = self.store.get(taken.key)
                    self._values[taken.key] = from_stored(stored, self.registry)
                    self._files += stored.files
            except DamagedObject as damage:
                missing.append(taken.instance)
                if self.store.quarantine(taken.key):
                    notes.append(
                        f"the stored result {taken.key} was damaged ({damage.reason}); computed again"
                    )
        if missing:
            raise MissingInputs(tuple(missing), tuple(notes))

    def value(self, taken: Input) -> Any:
        """Return an input that was read."""
        return self._values[taken.key]

    def stored_metrics(self, piece: Piece) -> dict[str, float] | None:
        """Return the metrics of a result that is in the store and may be reused, else None."""
        if piece.fresh or not self.store.has(piece.key):
            return None
        try:
            return metrics_of(self.store, piece.key)
        except DamagedObject:
            self.store.quarantine(piece.key)
            return None

    def keep(self, piece: Piece, value: Any, metrics: dict[str, float], **more: Any) -> None:
        """Put a piece's value into the store."""
        json, arrays = to_parts(value)
        if piece.fresh:
            self.store.remove(piece.key)  # what is there was made otherwise: with fewer members, say
        about = {"label": piece.label, "node": piece.node, "metrics": metrics}
        self.store.put(piece.key, {**json, **about, **more}, arrays, dict(piece.components), self._files)
