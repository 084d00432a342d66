"""A member in the middle of its training, as plain values: what it takes to go on as if nothing had been.

All that is drawn at random depends on the seed, the epoch and the step alone, so that weights, the
optimizer's state and what was judged so far are the whole of it.  Members may go on among others than
before: no bit depends on neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.engine.graph import Spec
from pipeline.stages.cohort import Member
from pipeline.stages.optimizing import mapped

Array = npt.NDArray[Any]
Templates = Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A member after `epoch` epochs: JSON in `about`, arrays by name."""

    epoch: int
    about: Mapping[str, Any]
    arrays: Mapping[str, Array]


class Keeper(Protocol):
    """Where checkpoints are kept while a cohort trains."""

    def load(self, member: Member) -> Checkpoint | None:
        """Return the latest checkpoint of a member, None where there is none."""

    def due(self) -> bool:
        """Tell whether it is time for new ones."""

    def save(self, checkpoints: Sequence[tuple[Member, Checkpoint]]) -> None:
        """Keep checkpoints in the place of earlier ones of the same members."""


@dataclass(frozen=True)
class Stepped:
    """What steps have made of a cohort: state on the host (members, ...), and how many there were.

    `rates` (members,) are the factors on the optimizer's option `lr`.
    """

    state: Mapping[str, Array]
    templates: Templates | None
    steps_done: int
    rates: npt.NDArray[np.float64]

    def of(self, slot: int) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return one member's part: JSON and arrays."""
        templates = None if self.templates is None else _to_json(self.templates)
        about = {"steps": self.steps_done, "rate": float(self.rates[slot]), "templates": templates}
        return about, {name: array[slot] for name, array in self.state.items()}

    @classmethod
    def joined(cls, parts: Sequence[tuple[Mapping[str, Any], Mapping[str, Array]]]) -> Stepped:
        """Join what `of` gave for members that have taken equally many steps."""
        first, arrays = parts[0]
        return cls(
            {name: np.stack([array[name] for _, array in parts]) for name in arrays},
            None if first["templates"] is None else _from_json(first["templates"]),
            first["steps"],
            np.array([about["rate"] for about, _ in parts], dtype=np.float64),
        )


def _to_json(templates: Templates) -> dict[str, Any]:
    return {group: _listed(template) for group, template in templates.items()}


def _listed(template: Any) -> Any:
    if isinstance(template, tuple):
        return [_listed(part) for part in template]
    return {"shape": list(template.shape), "dtype": str(template.dtype)}


def _from_json(json: Mapping[str, Any]) -> Templates:
    return {
        group: mapped(lambda spec: Spec(tuple(spec["shape"]), np.dtype(spec["dtype"])), template)
        for group, template in json.items()
    }
