"""Predictors that an ensemble stage combines into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, StageError
from pipeline.stages.parts import at
from pipeline.stages.predicting import Leaf
from pipeline.stages.predictor import Predictor, under

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Committee(Predictor):
    """Predictors whose predictions an ensemble stage combines; members may be committees themselves.

    `learned` are the arrays that an ensemble which learns combines by.
    """

    stage: Stage
    options: Mapping[str, Any]
    members: tuple[Predictor, ...]
    learned: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stage: Stage,
        options: Mapping[str, Any],
        members: Sequence[Predictor],
        learned: Mapping[str, Array] = MappingProxyType({}),
    ) -> Committee:
        """Make a committee; DataError if it is empty or its members predict different things."""
        if not members:
            raise DataError("a committee needs at least one model")
        first = members[0]
        for member in members:
            if (member.task, member.classes) != (first.task, first.classes):
                raise DataError(
                    f"the models predict different things: {_what(first)}, and {_what(member)}\n"
                    "    train them on data of the same classes"
                )
        return cls(stage, dict(options), tuple(members), MappingProxyType(dict(learned)))

    @property
    def task(self) -> str:  # type: ignore[override]
        """The members' task."""
        return self.members[0].task

    @property
    def classes(self) -> tuple[str, ...]:  # type: ignore[override]
        """The members' classes."""
        return self.members[0].classes

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaf for member in self.members for leaf in member.leaves)

    def combine(self, outputs: Mapping[int, Array]) -> Array:
        members = np.stack([member.combine(outputs) for member in self.members])
        with at("ensemble", self.stage.ref):
            given = (members,) if self.stage.learn is None else (members, self.learned)
            combined: Array = np.asarray(self.stage.function(*given, **self.options))
            if combined.shape != members.shape[1:]:
                raise StageError(
                    f"gave shape {combined.shape} instead of (rows, outputs) = {members.shape[1:]}"
                )
        return combined

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        kept = [member.to_parts() for member in self.members]
        parts = {
            "form": "committee",
            "stage": self.stage.ref,
            "options": dict(self.options),
            "members": [member for member, _ in kept],
            "learned": list(self.learned),
        }
        arrays = {f"{i}.{name}": a for i, (_, arrays) in enumerate(kept) for name, a in arrays.items()}
        return parts, {**arrays, **{f"learned.{name}": array for name, array in self.learned.items()}}

    @classmethod
    def _read(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array], registry: Registry) -> Committee:
        stage = registry.stage(parts["stage"])
        members = tuple(
            Predictor.from_parts(member, under(f"{i}.", arrays), registry)
            for i, member in enumerate(parts["members"])
        )
        learned = {name: arrays[f"learned.{name}"] for name in parts["learned"]}
        return cls(stage, stage.check(parts["options"]), members, MappingProxyType(learned))


def _what(predictor: Predictor) -> str:
    return f"classes {', '.join(predictor.classes)}" if predictor.task == "classes" else "numbers"
