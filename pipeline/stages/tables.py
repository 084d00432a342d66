"""The data of a cohort as arrays on its backend: one table for each distinct data set and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend
from pipeline.engine.graph import Spec
from pipeline.errors import DataError
from pipeline.stages.cohort import CohortSpec, Member
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import at
from pipeline.stages.step import AUXILIARY, INPUTS, TARGETS, UNLABELLED, Batch

Array = Any
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class Table:
    """The inputs (rows, *features) and targets of a split, further targets by name.

    `unlabelled` are the inputs of the split of that name, for the train split alone.
    """

    inputs: Array
    targets: Array
    auxiliary: Mapping[str, Array] = field(default_factory=dict)
    classes: int = 0
    unlabelled: Array | None = None

    @classmethod
    def of(cls, data: DataSet, split: str, dtype: npt.DTypeLike, backend: Backend) -> Table:
        """Copy a split to the backend, floats in `dtype`."""

        def placed(array: npt.NDArray[Any]) -> Array:
            return backend.from_host(_in(np.asarray(array), dtype))

        inputs, targets = data.split(split)
        assert targets is not None  # `checked` was here
        rows = data.rows(split)
        more = split == TRAIN and UNLABELLED in data.splits
        return cls(
            placed(inputs),
            placed(targets),
            {name: placed(array[rows]) for name, array in data.auxiliary.items()},
            len(data.classes),
            placed(data.split(UNLABELLED)[0]) if more else None,
        )

    def __len__(self) -> int:
        return len(self.inputs)

    def on_host(self, backend: Backend) -> Table:
        """Return the table in NumPy arrays."""
        return Table(
            backend.to_host(self.inputs),
            backend.to_host(self.targets),
            {name: backend.to_host(array) for name, array in self.auxiliary.items()},
            self.classes,
            None if self.unlabelled is None else backend.to_host(self.unlabelled),
        )

    @property
    def batch(self) -> Batch:
        """What an example is."""
        return Batch(
            _spec(self.inputs),
            _spec(self.targets),
            {name: _spec(array) for name, array in self.auxiliary.items()},
            self.classes,
            self.unlabelled is not None,
        )

    @property
    def columns(self) -> dict[str, Array]:
        """What is gathered for each example, by the name of the step's input."""
        further = {AUXILIARY + name: array for name, array in self.auxiliary.items()}
        return {INPUTS: self.inputs, TARGETS: self.targets, **further}


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

    def on_host(self, backend: Backend) -> Tables:
        """Return the tables that members use, in NumPy arrays."""
        used = sorted(set(self.of_member))
        return Tables(
            [self.tables[i].on_host(backend) for i in used], [used.index(i) for i in self.of_member]
        )


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
            if data.missing and np.isnan(data.inputs).any():
                raise DataError(
                    "inputs are missing (NaN), and a net cannot be trained on them\n"
                    "    fill them by transform.impute, or give the net a mask by transform.mask"
                )
            if not len(data.rows(TRAIN)):
                raise DataError("the train split is empty; give it a larger share")


def form(data: DataSet) -> tuple[Any, ...]:
    """Return what members must have in common to train together: shapes and numbers of rows."""
    rows = {name: len(data.rows(name)) for name in (TRAIN, VALIDATION, UNLABELLED) if name in data.splits}
    targets = () if data.targets is None else data.targets.shape[1:]
    return (
        data.inputs.shape[1:],
        data.inputs.dtype.kind,
        targets,
        data.task,
        data.classes,
        rows.get(TRAIN, len(data)),
        rows.get(VALIDATION, 0),
        rows.get(UNLABELLED, 0),
        tuple((name, array.shape[1:], array.dtype.kind) for name, array in sorted(data.auxiliary.items())),
    )


def _spec(array: Array) -> Spec:
    return Spec(tuple(array.shape[1:]), np.dtype(array.dtype))


def _in(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype if array.dtype.kind == "f" else None)
