"""The equality contract: on NumPy a trial's weights are bit-equal alone and in any cohort.

Each case trains three cohorts of the same stages for 20 steps, the last minibatch of an epoch smaller than
the others: seven members of three seeds; other neighbours, one seed, another order; a member alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult

REGISTRY = Registry()
DTYPES = ("float32", "float64")
# small nets; patience 1 lets members leave the cohort on the way
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "model.mlp": {"hidden": [7, 5]},
    "model.cnn": {"channels": [3], "hidden": [6]},
    "regularizer.early_stopping": {"patience": 1},
}
SEEDS = (1, 1, 2, 1, 3, 2, 1)
ONE_SEED = (3, 0, 6, 1)  # trials of seed 1, in another order


def images(seed: int = 0, task: str = "classes") -> DataSet:
    """Return 36 training rows: five minibatches of 8 an epoch, the last one of 4."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(50, 6, 6))
    targets = rng.integers(0, 3, 50) if task == "classes" else rng.normal(size=50)
    return DataSet(inputs, targets, task, splits={"train": np.arange(36), "validation": np.arange(36, 50)})


def part(stage: str) -> Part:
    return Part(stage.replace(".", "_"), stage, REGISTRY.stage(stage).check(OPTIONS.get(stage, {})))


def settings(stages: Sequence[str], trial: int) -> dict[str, dict[str, float]]:
    """Return float options that differ from trial to trial, within their ranges."""
    return {part(stage).node: varied(stage, trial) for stage in stages}


def varied(stage: str, trial: int) -> dict[str, float]:
    found, values = REGISTRY.stage(stage), {}
    for name in found.varying:
        default = found.check(OPTIONS.get(stage, {}))[name]
        value = default * (1 - 0.05 * trial) if default else 0.05 * trial
        try:
            found.check({**OPTIONS.get(stage, {}), name: value})
        except UserError:
            value = default
        values[name] = value
    return values


def trained(
    stages: Mapping[str, Sequence[str]],
    trials: Sequence[int],
    datasets: Mapping[str, DataSet],
    dtype: str = "float32",
) -> dict[str, MemberResult]:
    everything = [stage for several in stages.values() for stage in several]
    keys = list(datasets)
    members = tuple(
        Member(f"t{i}", f"k{i}", SEEDS[i], keys[i % len(keys)], settings(everything, i)) for i in trials
    )
    spec = CohortSpec(
        "fit",
        Part("fit", "train.minibatch", {"epochs": 4, "batch_size": 8, "shuffle": True, "drop_last": False}),
        {port: tuple(part(stage) for stage in several) for port, several in stages.items()},
        members,
        dtype,
    )
    return {result.trial: result for result in train_cohort(spec, datasets, REGISTRY)}


def assert_the_same(those: Mapping[str, MemberResult], these: Mapping[str, MemberResult]) -> None:
    for trial, result in these.items():
        assert result.state == "done", result.error
        assert result.history == those[trial].history
        for name, values in result.params.items():
            assert np.array_equal(values, those[trial].params[name]), f"{trial} {name}"


def assert_equality_holds(
    stages: Mapping[str, Sequence[str]], datasets: Mapping[str, DataSet], dtype: str
) -> dict[str, MemberResult]:
    seven = trained(stages, range(7), datasets, dtype)
    assert_the_same(seven, trained(stages, ONE_SEED, datasets, dtype))
    assert_the_same(seven, trained(stages, [5], datasets, dtype))
    return seven


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("model", "optimizer", "regularizer"),
    list(product(*(REGISTRY.names(kind) for kind in ("model", "optimizer", "regularizer")))),
)
def test_weights_after_20_steps_do_not_depend_on_the_cohort(model, optimizer, regularizer, dtype):
    stages = {"model": [model], "optimizer": [optimizer], "regularizers": [regularizer]}
    seven = assert_equality_holds(stages, {"data": images()}, dtype)
    weights = [np.concatenate([w.ravel() for w in result.params.values()]) for result in seven.values()]
    assert weights[0].dtype == dtype
    assert not np.array_equal(weights[0], weights[1]), "settings that differ must train differently"


@pytest.mark.parametrize("augment", REGISTRY.names("augment"))
def test_augmented_training_does_not_depend_on_the_cohort(augment):
    stages = {"model": ["model.mlp"], "optimizer": ["optimizer.sgd"], "augment": [augment]}
    assert_equality_holds(stages, {"data": images()}, "float32")


@pytest.mark.parametrize("schedule", REGISTRY.names("schedule"))
def test_scheduled_training_does_not_depend_on_the_cohort(schedule):
    stages = {"model": ["model.mlp"], "optimizer": ["optimizer.adam"], "schedule": [schedule]}
    assert_equality_holds(stages, {"data": images()}, "float32")


@pytest.mark.parametrize("loss", REGISTRY.names("loss"))
def test_training_by_any_loss_does_not_depend_on_the_cohort(loss):
    task = "regression" if REGISTRY.stage(loss).link == "identity" else "classes"
    stages = {"model": ["model.mlp"], "optimizer": ["optimizer.adam"], "loss": [loss]}
    assert_equality_holds(stages, {"data": images(task=task)}, "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_members_with_data_of_their_own_do_not_depend_on_the_cohort(dtype):
    stages = {
        "model": ["model.mlp"],
        "optimizer": ["optimizer.adam"],
        "regularizers": ["regularizer.dropout"],
    }
    datasets = {"data0": images(0), "data1": images(1)}
    assert_equality_holds(stages, datasets, dtype)


def test_several_regularizers_and_augmentations_together_do_not_depend_on_the_cohort():
    stages = {
        "model": ["model.mlp"],
        "optimizer": ["optimizer.adam"],
        "augment": REGISTRY.names("augment"),
        "regularizers": REGISTRY.names("regularizer"),
        "schedule": ["schedule.cosine"],
    }
    assert_equality_holds(stages, {"data": images()}, "float32")
