"""How a cohort's training begins: parts resolved, parameters found, data brought to the backend.

A training may begin again on other rows: from the same first weights, with the same noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.engine.backends import backend as backend_named
from pipeline.stages.blocks import Blocks, in_blocks, step_bytes, widest
from pipeline.stages.cohort import CohortSpec, Member
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import at, resolve
from pipeline.stages.registry import Registry
from pipeline.stages.step import StepTracer, discovered
from pipeline.stages.tables import TRAIN, VALIDATION, tables
from pipeline.stages.training import Training
from pipeline.stages.validating import Validating


class Beginning:
    """What all trainings of a cohort have in common; its members' data sets are alike in form."""

    def __init__(self, spec: CohortSpec, datasets: Mapping[str, DataSet], registry: Registry):
        data = datasets[spec.members[0].data]
        self.spec, self.datasets, self._task = spec, datasets, data.task
        self.registry = registry
        self.backend = backend_named(spec.backend)
        self.parts = resolve(spec, data, registry)
        self._rows = tables(datasets, spec.members, TRAIN, spec.dtype, self.backend)
        batch = self._rows.tables[0].batch
        self.layout = discovered(self.parts, batch, spec.dtype, f"data of {spec.node}")
        self.tracer = StepTracer(self.parts, self.layout, batch, spec.dtype)

    @property
    def abreast(self) -> int:
        """How many members the memory holds at once."""
        return widest(step_bytes(self.layout.size, self.spec.dtype), self.backend.name)

    def first(self) -> tuple[Training | Blocks, Validating]:
        """Return the training of all members on their train rows, and what measures it."""
        training = in_blocks(
            self.spec.node, self.parts, self.tracer, self.spec.members, self._rows, self.backend
        )
        split = VALIDATION if VALIDATION in self.datasets[self.spec.members[0].data].splits else TRAIN
        rows = self._rows
        if split == VALIDATION:
            rows = tables(self.datasets, self.spec.members, split, self.spec.dtype, self.backend)
        return training, Validating(self.parts, self.layout, rows, split, self._task)

    def again(self, members: Sequence[Member], splits: Sequence[str]) -> tuple[Training | Blocks, Validating]:
        """Return the training of `members` on the rows of several splits, measured on these rows."""
        keys = {member.data for member in members}
        with at(self.spec.node):
            joined = {key: _joined(self.datasets[key], splits) for key in keys}
        rows = tables(joined, members, TRAIN, self.spec.dtype, self.backend)
        training = in_blocks(self.spec.node, self.parts, self.tracer, members, rows, self.backend)
        return training, Validating(self.parts, self.layout, rows, TRAIN, self._task)


def _joined(data: DataSet, splits: Sequence[str]) -> DataSet:
    """Return the data set with the rows of `splits` to train on."""
    return data.with_splits(train=np.concatenate([data.rows(split) for split in splits]))
