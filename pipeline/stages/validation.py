"""The checks that a data set passes before anything trains on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.stages.parts import at

if TYPE_CHECKING:
    from pipeline.stages.dataset import DataSet

Array = NDArray[Any]


def validate(data: DataSet, node: str) -> None:
    """Raise DataError for the first thing that keeps `data`, made by `node`, from serving."""
    problems = chain(_shapes(data), _values(data), _labels(data), _splits(data), _one_class(data))
    problem = next(problems, None)
    if problem:
        with at(node):
            raise DataError(problem)


def _shapes(data: DataSet) -> Iterator[str]:
    if data.inputs.ndim < 2:
        yield (
            f"the inputs have shape {data.inputs.shape}, but rows and features are needed\n"
            "    for one feature use inputs.reshape(-1, 1)"
        )
    if 0 in data.inputs.shape:
        yield f"the inputs are empty: shape {data.inputs.shape}\n    load at least one row of one feature"
    if data.features and data.inputs.shape[1:] != (len(data.features),):
        yield f"{len(data.features)} features are named, but the inputs have shape {data.inputs.shape}"
    for name, array in data.auxiliary.items():
        if array.ndim == 0 or len(array) != len(data.inputs):
            yield (
                f"{len(data.inputs)} rows of inputs, but auxiliary targets {name!r} of shape {array.shape}\n"
                "    give one for each row"
            )
    if data.targets is None:
        return
    if len(data.targets) != len(data.inputs):
        yield (
            f"{len(data.inputs)} rows of inputs, but {len(data.targets)} of targets\n"
            "    give one target for each row"
        )
    if data.targets.ndim > (1 if data.task == "classes" else 2):
        yield (
            f"the targets have shape {data.targets.shape}\n"
            "    allowed: (rows,) class numbers, (rows,) or (rows, columns) numbers for regression"
        )


def _values(data: DataSet) -> Iterator[str]:
    further = ((f"auxiliary targets {name!r}", array) for name, array in data.auxiliary.items())
    for what, array in (("inputs", data.inputs), ("targets", data.targets), *further):
        if array is None or array.dtype.kind != "f":
            continue
        bad = np.isinf(array) if data.missing and what == "inputs" else ~np.isfinite(array)
        if bad.any():
            yield _not_finite(what, array, bad, data.features if what == "inputs" else ())


def _not_finite(what: str, array: Array, bad: Array, features: tuple[str, ...]) -> str:
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    rows = len(np.unique(np.nonzero(bad)[0]))
    where = f"row {place[0]}"
    if len(place) > 1:
        column = place[1] if len(place) == 2 else place[1:]
        where += f", column {column}" + (f" ({features[place[1]]})" if features and len(place) == 2 else "")
    return (
        f"the {what} hold {int(bad.sum())} values that are NaN or infinite, in {rows} rows; "
        f"the first is {array[place]} at {where}\n    drop these rows or fill the values before loading"
    )


def _labels(data: DataSet) -> Iterator[str]:
    if data.task != "classes" or data.targets is None:
        return
    bad = np.flatnonzero((data.targets < 0) | (data.targets >= len(data.classes)))
    if bad.size:
        yield (
            f"{bad.size} labels are out of range; the first is {data.targets[bad[0]]} in row {bad[0]}\n"
            f"    allowed: 0 to {len(data.classes) - 1}, one for each of the {len(data.classes)} classes\n"
            "    number the classes from 0, or use DataSet.labelled, which does it"
        )


def _splits(data: DataSet) -> Iterator[str]:
    for name, rows in data.splits.items():
        if rows.ndim != 1:
            yield f"split {name!r} has shape {rows.shape}; it must be one list of row numbers"
        if not rows.size:
            yield f"split {name!r} is empty\n    give it a larger share, or leave it out"
        bad = rows[(rows < 0) | (rows >= len(data))]
        if bad.size:
            yield f"split {name!r} names row {bad[0]}, but there are rows 0 to {len(data) - 1}"
    for one, other in combinations(data.splits, 2):
        if "test" in (one, other):
            shared = np.intersect1d(data.splits[one], data.splits[other])
            if shared.size:
                yield (
                    f"splits {one!r} and {other!r} share {shared.size} rows, the first is {shared[0]}\n"
                    "    test rows must be in no other split"
                )


def _one_class(data: DataSet) -> Iterator[str]:
    if data.task != "classes" or data.targets is None:
        return
    for name in data.splits or ("train",):
        if name == "unlabelled":  # its labels are nobody's business
            continue
        labels = np.unique(data.targets[data.rows(name)])
        if labels.size == 1:
            yield (
                f"split {name!r} has rows of one class only ({data.classes[labels[0]]!r})\n"
                "    load rows of at least two classes, or split with `stratify: true`"
            )
