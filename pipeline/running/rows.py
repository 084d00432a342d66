"""What the record knows of a run, its trials and its node instances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

_encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would make an encoder for each value
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("overrides", "trials"), tuple),
    **dict.fromkeys(("machine", "plan", "settings", "metrics"), dict),
    **dict.fromkeys(("seed", "pid"), int),
    **dict.fromkeys(("ended", "seconds"), float | int | None),
    "error": dict | None,
    "started": float | int,
    "cached": bool,
}
"""What the columns hold, where that is no text; SQLite would take anything in any column."""
RunState = Literal["running", "done", "failed", "stopped"]
State = Literal["pending", "running", "done", "cached", "failed", "skipped", "stopped"]


@dataclass(frozen=True)
class RunRow:
    """A run; `dag` is the file's path and `text` its content, times are in seconds since the epoch.

    `host` and `pid` are those of the process that drives it.
    """

    id: str
    name: str
    dag: str
    text: str
    overrides: tuple[str, ...]
    seed: int
    state: RunState
    started: float
    ended: float | None
    seconds: float | None
    version: str
    machine: Mapping[str, Any]
    plan: Mapping[str, Any]
    host: str = ""
    pid: int = 0

    @classmethod
    def read(cls, row: Any) -> RunRow:
        """Make a run of its columns."""
        return cls(**_values(cls, row, texts=("overrides", "machine", "plan")))


@dataclass(frozen=True)
class TrialRow:
    """A trial: its settings, and the metrics it ended with."""

    run: str
    id: str
    label: str
    settings: Mapping[str, Any]
    seed: int
    state: State = "pending"
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, row: Any) -> TrialRow:
        """Make a trial of its columns."""
        return cls(**_values(cls, row, texts=("settings", "metrics")))

    def columns(self) -> tuple[Any, ...]:
        """Return the columns after the run."""
        settings, metrics = dump(self.settings), dump(self.metrics)
        return (self.id, self.label, settings, str(self.seed), self.state, metrics)


@dataclass(frozen=True)
class NodeRow:
    """A node instance: one node for the trials that share it.

    `error` has `cause`, `message`, `hint`, `traceback` (a path) and `worker` (where it happened); `log` is
    a path; both are below the store.
    """

    run: str
    instance: str
    node: str
    kind: str
    trials: tuple[str, ...]
    key: str
    state: State = "pending"
    cached: bool = False
    seconds: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    log: str = ""

    @classmethod
    def read(cls, row: Any) -> NodeRow:
        """Make a node instance of its columns."""
        return cls(**_values(cls, row, texts=("trials", "metrics", "error")))

    def columns(self) -> tuple[Any, ...]:
        """Return the columns after the run."""
        identity = (self.instance, self.node, self.kind, dump(list(self.trials)), self.key)
        error = None if self.error is None else dump(self.error)
        return (*identity, self.state, self.cached, self.seconds, dump(self.metrics), error, self.log)


@dataclass(frozen=True)
class NodeEnd:
    """How a node instance ended; `cached` if its result was in the store already."""

    instance: str
    state: State
    seconds: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    log: str = ""

    def values(self) -> tuple[Any, ...]:
        """Return what becomes of the columns: state, cached, seconds, metrics, error, log."""
        error = None if self.error is None else dump(self.error)
        return (self.state, self.state == "cached", self.seconds, dump(self.metrics), error, self.log)


@dataclass(frozen=True)
class TrialEnd:
    """How a trial ended."""

    id: str
    state: State
    metrics: Mapping[str, Any] = field(default_factory=dict)


def dump(value: Any) -> str:
    """Return the JSON of a column."""
    return _encode(value) if value != {} else "{}"  # most columns of a run that begins are empty


def _values(kind: Any, row: Any, texts: tuple[str, ...]) -> dict[str, Any]:
    """Read a row's columns by a dataclass's names; `texts` are JSON, and the run's number is not its id."""
    values = {field.name: row["run_id" if field.name == "run" else field.name] for field in fields(kind)}
    for name in texts:
        values[name] = None if values[name] is None else json.loads(values[name])
    for name in ("overrides", "trials"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    if "seed" in values:
        values["seed"] = int(values["seed"])
    if "cached" in values:
        values["cached"] = bool(values["cached"])
    for name, value in values.items():
        if not isinstance(value, _TYPES.get(name, str)):
            raise ValueError(f"{name} is {type(value).__name__}")
    return values
