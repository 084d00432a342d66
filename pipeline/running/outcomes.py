"""What became of a node instance: the small JSON value that a worker hands back to the driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pipeline.errors import PlaitError, StageError, StoreError, UserError

State = Literal["done", "cached", "failed", "skipped", "stopped", "blocked"]
Blame = Literal["", "stage", "user", "plait"]

LOST = ("failed", "skipped", "stopped")  # states that leave no result behind
EXIT_CODES: Mapping[Blame, int] = {"plait": 3, "user": 2, "stage": 1}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one node instance ended.

    `blocked` means that inputs named in `missing` were not in the store, or were damaged there: the
    driver has them computed again and then this one.  `log` is relative to the store's root.
    """

    instance: int
    label: str
    state: State
    key: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    blame: Blame = ""
    log: str = ""
    worker: str = ""
    notes: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    fatal: bool = False  # the store cannot be written: nothing else can be done either

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        lists = {"notes": list(self.notes), "missing": list(self.missing)}
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "metrics": dict(self.metrics), **lists}

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Outcome:
        """Read what `to_json` gave."""
        return cls(**{**json, "notes": tuple(json["notes"]), "missing": tuple(json["missing"])})

    @property
    def lost(self) -> bool:
        """Tell whether nothing can be built on this instance."""
        return self.state in LOST


def blame(error: BaseException) -> Blame:
    """Say whose mistake an exception is: the user's input, a stage's code, or plait itself."""
    if isinstance(error, StageError):
        return "stage"
    return "user" if isinstance(error, UserError) else "plait"


def failure(outcome: Outcome, error: BaseException) -> Outcome:
    """Return the outcome as one that failed with `error`."""
    text = str(error) if isinstance(error, PlaitError) else f"{type(error).__name__}: {error}"
    fatal = isinstance(error, StoreError)
    return replace(outcome, state="failed", error=text, blame=blame(error), fatal=fatal)


def reason(outcome: Mapping[str, Any]) -> str:
    """Say in one line which instance was lost, and why, from an outcome's JSON."""
    first = str(outcome["error"]).partition("\n")[0]
    return f"{outcome['label']} {outcome['state']}: {first}"


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return what the command ends with: the gravest of what failed, 0 if nothing did."""
    return max(
        (EXIT_CODES.get(outcome.blame, 1) for outcome in outcomes if outcome.state == "failed"), default=0
    )
