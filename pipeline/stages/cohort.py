"""What a cohort is, as plain values: built by the DAG layer, sent to workers as JSON, trained by `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """A stage in its node, with checked and complete options (the same for all members, floats aside)."""

    node: str
    stage: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Member:
    """A trial's slot in a cohort: what differs from its neighbours.

    `key` is the content key of the trained node, `data` that of its data set, and `options` maps a
    node's name to the values of its float options in this trial.
    """

    trial: str
    key: str
    seed: int
    data: str
    options: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class CohortSpec:
    """Trials that train together: the node, its train stage, the parts by port, the members."""

    node: str
    train: Part
    parts: Mapping[str, tuple[Part, ...]]
    members: tuple[Member, ...]
    dtype: str = "float32"
    backend: str = "numpy"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, for a task's argument."""
        parts = {port: [dict(vars(part)) for part in parts] for port, parts in self.parts.items()}
        members = [dict(vars(member)) for member in self.members]
        return {**vars(self), "train": dict(vars(self.train)), "parts": parts, "members": members}

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> CohortSpec:
        """Read what `to_json` gave."""
        parts = {port: tuple(Part(**part) for part in parts) for port, parts in json["parts"].items()}
        members = tuple(Member(**member) for member in json["members"])
        return cls(json["node"], Part(**json["train"]), parts, members, json["dtype"], json["backend"])
