"""The checks of data and transforms: what they return is a valid data set, fitted on train rows alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pipeline.engine.random import generator
from pipeline.stages.dataset import DataSet
from pipeline.testing import probes
from pipeline.testing.subject import NODE, Subject, same_bits


def check_data(subject: Subject) -> None:
    """Check that loading gives a valid data set, the same each time."""
    with subject.when("it loads (give the options it needs: options={...})"):
        data, again = subject.call(), subject.call()
    _check_valid(subject, data)
    subject.require(same_data(data, again), "it loads other data the second time")


def check_transform(subject: Subject) -> None:
    """Check a transform on each of the kit's data sets that it takes, or on the example `data`."""
    candidates = [
        make(splits=splits) for splits in (True, False) for make in (_classes, _numbers, probes.images)
    ]
    for data, result in subject.accepted("data", candidates, lambda data: _transformed(subject, data)):
        _check_transform(subject, data, result)


def _check_transform(subject: Subject, data: DataSet, result: DataSet) -> None:
    _check_valid(subject, result)
    before = data.replace()
    again = _transformed(subject, data)
    subject.require(same_data(result, again), "it gives another data set for the same seed")
    subject.require(same_data(before, data), "it changes the data set that it is given")
    _check_fit_on_train(subject, data, result)
    _check_preparation(subject, data, result)


def same_data(a: DataSet, b: DataSet) -> bool:
    """Return whether two data sets are equal in every field and bit."""
    (a_json, a_arrays), (b_json, b_arrays) = a.to_parts(), b.to_parts()
    return (
        a_json == b_json
        and a_arrays.keys() == b_arrays.keys()
        and all(same_bits(array, b_arrays[name]) for name, array in a_arrays.items())
    )


def _classes(*, splits: bool) -> DataSet:
    return probes.table("classes", splits=splits)


def _numbers(*, splits: bool) -> DataSet:
    return probes.table("regression", splits=splits)


def _transformed(subject: Subject, data: DataSet) -> DataSet:
    result: DataSet = subject.call(data, generator(0, NODE))
    return result


def _check_valid(subject: Subject, data: DataSet) -> None:
    subject.require(isinstance(data, DataSet), f"it must return a DataSet, and gives {type(data).__name__}")
    with subject.when("what it returns is validated"):
        data.validate(NODE)
    for one, other in combinations(sorted(data.splits), 2):
        shared = np.intersect1d(data.splits[one], data.splits[other])
        subject.require(not shared.size, f"row {shared[:1].tolist()} is in the split {one} and in {other}")


def _check_fit_on_train(subject: Subject, data: DataSet, result: DataSet) -> None:
    """Put other rows in the test split: what the train rows become may not change."""
    if "test" not in data.splits:
        return
    rows = data.splits["test"]
    # Rows of the train split, so that every value of a category is known.
    others = np.resize(data.rows("train")[::-1], len(rows))
    inputs = data.inputs.copy()
    inputs[rows] = inputs[others]
    changes = {"inputs": inputs}
    if data.targets is not None:
        changes["targets"] = data.targets.copy()
        changes["targets"][rows] = data.targets[others]
    with subject.when("test rows change"):
        changed = _transformed(subject, data.replace(**changes))
    kept = same_bits(result.rows("train"), changed.rows("train"))
    subject.require(kept, "it chooses train rows by looking at test rows")
    kept = same_bits(result.split("train")[0], changed.split("train")[0])
    subject.require(kept, "what train rows become depends on test rows; fit on data.split('train') alone")


def _check_preparation(subject: Subject, data: DataSet, result: DataSet) -> None:
    """Check that raw inputs can be prepared as the transform did it: predictions need it.

    Damage at random, other for another seed, is of the data alone: predictions get inputs as they come.
    """
    if same_bits(data.inputs, result.inputs) or len(data) != len(result):
        return
    other: DataSet = subject.call(data, generator(1, NODE))
    damaged = result.inputs.shape == data.inputs.shape and not same_bits(result.inputs, other.inputs)
    if damaged and result.preparation.digest == data.preparation.digest:
        return
    with subject.when("raw inputs are prepared for a prediction"):
        prepared = result.preparation.apply(data.inputs)
    subject.require(
        same_bits(prepared, result.inputs),
        "it changes inputs in a way that predictions cannot repeat; use data.prepared_by(function, **arrays)",
    )
