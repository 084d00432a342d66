"""What a task is told: one JSON argument with everything that a worker needs, and no object of Python's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.dag.gather import Gather


@dataclass(frozen=True)
class Input:
    """A node instance whose result another one takes."""

    instance: int
    key: str


@dataclass(frozen=True)
class Piece:
    """A node instance as a worker sees it.

    `fresh` means that a stored result must not be reused; `validation` is the data set on which to measure an
    ensemble.
    """

    instance: int
    label: str
    node: str
    kind: str
    stage: str
    key: str
    seed: int
    options: Mapping[str, Any]
    inputs: Mapping[str, tuple[Input, ...]]
    gather: Gather | None = None
    components: Mapping[str, Any] = field(default_factory=dict)
    trials: tuple[str, ...] = ()
    fresh: bool = False
    validation: Input | None = None

    @property
    def taken(self) -> list[Input]:
        """All inputs, whatever the port."""
        return [taken for port in self.inputs.values() for taken in port]


@dataclass(frozen=True)
class Job:
    """A task's argument: instances of one node, computed together; where store, log and stages are.

    `cohort` is a CohortSpec's JSON where the pieces are its members.  A worker that finds the file
    `stop` ends at the next epoch.
    """

    name: str
    run: str
    store: str
    registry: Mapping[str, Any]
    log: str
    stop: str
    pieces: tuple[Piece, ...]
    cohort: Mapping[str, Any] | None = None

    def dumps(self) -> str:
        """Return the JSON text; what is shared by the pieces' components, as of one node, is in it once."""
        shared: Any = next((piece.components["shared"] for piece in self.pieces if piece.components), {})
        pieces = [{**vars(piece), "components": _own(piece.components)} for piece in self.pieces]
        text = {**vars(self), "pieces": pieces, "shared": shared}
        return json.dumps(text, separators=(",", ":"), default=_fields)

    @classmethod
    def loads(cls, text: str) -> Job:
        """Read what `dumps` gave."""
        fields = json.loads(text)
        shared = fields.pop("shared")
        return cls(**{**fields, "pieces": tuple(_piece(piece, shared) for piece in fields["pieces"])})


def _own(components: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in components.items() if name != "shared"}


def _fields(value: Any) -> dict[str, Any]:
    return asdict(value) if isinstance(value, Gather) else vars(value)  # asdict of pieces would copy them


def _gather(fields: Mapping[str, Any]) -> Gather:
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()}
    return Gather(**values)


def _piece(fields: Mapping[str, Any], shared: Mapping[str, Any]) -> Piece:
    inputs = {port: tuple(Input(**taken) for taken in many) for port, many in fields["inputs"].items()}
    validation = fields["validation"] and Input(**fields["validation"])
    gather = fields["gather"] and _gather(fields["gather"])
    own = {"inputs": inputs, "gather": gather, "validation": validation, "trials": tuple(fields["trials"])}
    components = {"shared": shared, **fields["components"]}
    return Piece(**{**fields, **own, "components": components})
