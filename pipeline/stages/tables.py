"""The data of a cohort as arrays on its backend: one table for each distinct data set and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend
from pipeline.engine.graph import Spec
from pipeline.errors import DataError
from pipeline.stages.cohort import CohortSpec, Member
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import at
from pipeline.stages.step import Batch

Array = Any
VALIDATION = "validation"


@dataclass(frozen=True)
class Table:
    """The inputs (rows, *features) and targets of a split."""

    inputs: Array
    targets: Array

    @classmethod
    def of(cls, data: DataSet, split: str, dtype: npt.DTypeLike, backend: Backend) -> Table:
        """Copy a split to the backend, floats in `dtype`."""
        inputs, targets = data.split(split)
        return cls(*(backend.from_host(_in(array, dtype)) for array in (inputs, np.asarray(targets))))

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def batch(self) -> Batch:
        """What an example is."""
        return Batch(*(Spec(tuple(a.shape[1:]), np.dtype(a.dtype)) for a in (self.inputs, self.targets)))


@dataclass(frozen=True)
class Tables:
    """The tables of one split, and which of them each member uses."""

    tables: Sequence[Table]
    of_member: Sequence[int]

    @property
    def shared(self) -> bool:
        """Whether all members use one table."""
        return len(set(self.of_member)) == 1

    @property
    def each(self) -> list[Table]:
        """One table where all members share it, else one for each member."""
        return [self.tables[i] for i in (self.of_member[:1] if self.shared else self.of_member)]

    def keep(self, slots: Sequence[int]) -> Tables:
        """Return the tables of the members in `slots`."""
        return Tables(self.tables, [self.of_member[slot] for slot in slots])


def tables(
    datasets: Mapping[str, DataSet],
    members: Sequence[Member],
    split: str,
    dtype: npt.DTypeLike,
    backend: Backend,
) -> Tables:
    """Copy a split of the members' data sets to the backend, each data set once."""
    keys = list(dict.fromkeys(member.data for member in members))
    made = [Table.of(datasets[key], split, dtype, backend) for key in keys]
    return Tables(made, [keys.index(member.data) for member in members])


def checked(spec: CohortSpec, datasets: Mapping[str, DataSet]) -> None:
    """Raise DataError, naming the node, for the first thing that keeps a member's data from training it."""
    for key in dict.fromkeys(member.data for member in spec.members):
        data = datasets[key]
        data.validate(spec.node)
        with at(spec.node):
            if data.targets is None:
                raise DataError("the data set has no targets to train on; load it with targets")
            if not len(data.rows("train")):
                raise DataError("the train split is empty; give it a larger share")


def form(data: DataSet) -> tuple[Any, ...]:
    """Return what members must have in common to train together: shapes and numbers of rows."""
    rows = {split: len(data.rows(split)) for split in ("train", VALIDATION) if split in data.splits}
    targets = () if data.targets is None else data.targets.shape[1:]
    return (
        data.inputs.shape[1:],
        data.inputs.dtype.kind,
        targets,
        data.task,
        data.classes,
        rows.get("train", len(data)),
        rows.get(VALIDATION, 0),
    )


def _in(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype if array.dtype.kind == "f" else None)
