"""A train node with its data, and short trainings of it: other rows, other labels, fewer epochs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.random import generator
from pipeline.stages.cohort import CohortSpec, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import Parts, resolve
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.stages.stage import Stage

Array = NDArray[Any]
PLAIN = "train.minibatch"
ROWS, EPOCHS = 1000, 10  # of a short training, at most
VALIDATION_SHARE = 5  # one row in so many is held out where there is no validation split


@dataclass(frozen=True)
class Patient:
    """A train node: `spec` has one member, whose data set is `data`."""

    spec: CohortSpec
    data: DataSet
    registry: Registry

    @cached_property
    def parts(self) -> Parts:
        """The node's parts, resolved for the data."""
        return resolve(self.spec, self.data, self.registry)

    @property
    def seed(self) -> int:
        """The member's seed."""
        return self.spec.members[0].seed

    @property
    def options(self) -> dict[str, float]:
        """The values of the inputs `node.option` of the traced parts."""
        values = self.parts.option_values(self.spec.members, "float64")
        return {name: float(array[0]) for name, array in values.items()}

    def rng(self, *path: str) -> np.random.Generator:
        """Return the generator of what a check draws."""
        return generator(self.seed, self.spec.node, "doctor", *path)

    def trained(
        self, data: DataSet, *, epochs: int | None = None, plain: int = 0, emit: Any = lambda event: None
    ) -> MemberResult:
        """Train the node on `data`, for `epochs` at most; with `plain` rows a step and nothing beside its
        optimizer: no augmentation, no regularizer, no schedule.
        """
        from pipeline.stages.fit import train_cohort

        spec = self.spec
        if plain:
            kept = ("model", "optimizer", "loss")
            parts = {port: value for port, value in spec.parts.items() if port in kept}
            options = {"epochs": epochs or 1, "batch_size": plain}
            train = self.registry.stage(PLAIN).check(options)
            spec = replace(spec, parts=parts, train=Part(spec.node, PLAIN, train))
        elif epochs is not None and "epochs" in spec.train.options:
            shorter = {**spec.train.options, "epochs": min(epochs, spec.train.options["epochs"])}
            spec = replace(spec, train=replace(spec.train, options=shorter))
        (result,) = train_cohort(spec, {spec.members[0].data: data}, self.registry, emit)
        return result

    @cached_property
    def fewer(self) -> DataSet:
        """The data with at most `ROWS` rows of each split, and with a validation split."""
        rng, data = self.rng("fewer"), self.validated
        some = {name: np.sort(rng.permutation(rows)[:ROWS]) for name, rows in data.splits.items()}
        return data.replace(splits={name: rows for name, rows in some.items() if name != "test"})

    @cached_property
    def shortly(self) -> MemberResult:
        """What a few epochs on fewer rows come to."""
        return self.trained(self.fewer, epochs=EPOCHS)

    @property
    def validated(self) -> DataSet:
        """The data with a validation split, cut from the train rows where there is none."""
        if "validation" in self.data.splits:
            return self.data
        rows = np.unique(self.data.rows("train"))
        held_out = self.rng("validation").permutation(len(rows)) < len(rows) // VALIDATION_SHARE
        return self.data.with_splits(train=rows[~held_out], validation=rows[held_out])

    def with_stage(self, ref: str, stage: Stage) -> Any:
        """Return a registry that knows one more stage."""
        return _With(self.registry, ref, stage)


class _With:
    """A registry that finds one stage more."""

    def __init__(self, registry: Registry, ref: str, stage: Stage):
        self._registry, self._ref, self._stage = registry, ref, stage

    def stage(self, ref: str) -> Stage:
        """Return the stage called `ref`."""
        return self._stage if ref == self._ref else self._registry.stage(ref)
