"""The equality contract: on NumPy a trial's weights are bit-equal alone and in any cohort.

Each case trains three cohorts of the same stages for 20 steps, the last minibatch of an epoch smaller than
the others: seven members of three seeds, every float option swept; other neighbours, one seed, another
order; a member alone.  Every stage is met with every dtype, and every model with every regularizer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, product
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
TRACED = ("model", "loss", "regularizer", "optimizer", "augment", "schedule")
UNLABELLED = "entropy laplacian pseudo_labels virtual_adversarial".split()
# small nets; patience 1 lets members leave the cohort on the way
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "model.mlp": {"hidden": [7, 5]},
    "model.cnn": {"channels": [3], "hidden": [6]},
    "model.autoencoder": {"hidden": [7], "code": 3},
    "model.vae": {"hidden": [7], "code": 3, "draws": 2},
    "model.made": {"hidden": [9]},
    "model.mixture": {"components": 2, "covariance": "diagonal"},
    "model.rbm": {"hidden": 5},
    "model.class_gaussians": {"rank": 1},
    "model.resnet": {"channels": [3], "norm": "batch"},
    "model.multitask": {"hidden": [7], "heads": ["parity"], "widths": [2]},
    "regularizer.early_stopping": {"patience": 1},
    "regularizer.auxiliary": {"head": "parity"},
    "regularizer.entropy": {"rows": 6},
    "regularizer.laplacian": {"rows": 6},
    "regularizer.virtual_adversarial": {"rows": 6},
    "regularizer.pseudo_labels": {"rows": 6, "start": 0.0, "ramp": 5.0},
    "regularizer.sharing": {"between": ["hidden0.weights", "hidden0.weights"]},
}
NUMBERS = "gaussian heteroscedastic huber laplace mixture_density poisson power quantile".split()
# what a stage has to have beside it, where the usual company does not serve
COMPANY: Mapping[str, Mapping[str, str]] = {
    "model.made": {"loss": "loss.bernoulli", "form": "itself"},
    "model.vae": {"loss": "loss.bernoulli", "form": "itself"},
    "model.autoencoder": {"form": "itself"},
    "model.mixture": {"loss": "loss.cost", "form": "itself"},
    "model.rbm": {"loss": "loss.cost", "form": "itself"},
    "model.class_gaussians": {"form": "masked"},
    "regularizer.auxiliary": {"model": "model.multitask"},
    "regularizer.sharing": {"model": "model.mlp"},
    **{f"regularizer.{name}": {"form": "classes"} for name in (*UNLABELLED, "label_smoothing")},
    "augment.hide": {"model": "model.class_gaussians"},
    "loss.cost": {"model": "model.mixture", "form": "itself"},
    "loss.policy": {"form": "acts"},
    **{f"loss.{name}": {"form": "numbers"} for name in NUMBERS},
}
USUAL = {"model": "model.mlp", "optimizer": "optimizer.adam", "form": "classes"}
SEEDS = (1, 1, 2, 1, 3, 2, 1)
ONE_SEED = (3, 0, 6, 1)  # trials of seed 1, in another order

Stages = Mapping[str, Sequence[str]]


def images(seed: int = 0, form: str = "classes") -> DataSet:
    """Return 36 training rows: five minibatches of 8 an epoch, the last one of 4; and some without labels.

    Targets are `classes`, `numbers`, the inputs `itself`, which are then 0 or 1, or what three `acts` were
    worth; `masked` inputs say which of them are there.
    """
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(60, 6, 6))
    if form == "itself":
        inputs = (inputs > 0).astype(float)
    if form == "masked":
        there = rng.uniform(size=(60, 6)) < 0.8
        inputs = np.concatenate([np.where(there, inputs[:, 0], 0.0), there], axis=1)
    classes = rng.integers(0, 3, 60)
    others = {
        "numbers": rng.uniform(size=60),
        "itself": inputs.reshape(60, -1),
        "acts": rng.normal(size=(60, 3)),
    }
    targets = others.get(form, classes)
    splits = {"train": np.arange(36), "validation": np.arange(36, 50), "unlabelled": np.arange(50, 60)}
    further = {"parity": rng.integers(0, 2, 60)}
    task = "classes" if targets is classes else "regression"
    return DataSet(inputs, targets, task, splits=splits, auxiliary=further)


def names(kind: str) -> list[str]:
    """Return the stages of a traced kind; models that are estimators are fitted, not stepped."""
    return [ref for ref in REGISTRY.names(kind) if not REGISTRY.stage(ref).estimator]


def case(*refs: str) -> tuple[Stages, str] | None:
    """Return the stages by port with what they need beside them, and the form of data; None if they clash."""
    chosen: dict[str, str] = {}
    wanted = list(refs)
    for ref in wanted:
        for what, needed in {ref.split(".")[0]: ref, **COMPANY.get(ref, {})}.items():
            if chosen.setdefault(what, needed) != needed:
                return None
            if what == "model" and needed not in wanted:  # which has needs of its own
                wanted.append(needed)
    company = {**USUAL, **chosen}
    form = company.pop("form")
    ports = {"regularizer": "regularizers"}
    return {ports.get(kind, kind): [ref] for kind, ref in company.items()}, form


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
    stages: Stages,
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
    stages: Stages, datasets: Mapping[str, DataSet], dtype: str
) -> dict[str, MemberResult]:
    seven = trained(stages, range(7), datasets, dtype)
    assert_the_same(seven, trained(stages, ONE_SEED, datasets, dtype))
    assert_the_same(seven, trained(stages, [5], datasets, dtype))
    return seven


def flat(result: MemberResult) -> np.ndarray:
    return np.concatenate([values.ravel() for values in result.params.values()])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stage", [ref for kind in TRACED for ref in names(kind)])
def test_float_options_swept_in_one_cohort_give_what_each_trial_has_alone(stage, dtype):
    found = case(stage)
    assert found is not None
    stages, form = found
    seven = assert_equality_holds(stages, {"data": images(form=form)}, dtype)
    weights = [flat(result) for result in seven.values()]
    assert weights[0].dtype == dtype
    assert not np.array_equal(weights[0], weights[1]), "settings that differ must train differently"


def pairs() -> list[tuple[str, ...]]:
    """Return each model with each regularizer that it can go with, and with one optimizer after the other."""
    optimizers = cycle(names("optimizer"))
    both = product(names("model"), names("regularizer"))
    return [(*refs, next(optimizers)) for refs in both if case(*refs) is not None]


@pytest.mark.parametrize("refs", pairs(), ids=" ".join)
def test_weights_after_20_steps_do_not_depend_on_the_cohort(refs):
    stages, form = case(*refs)
    assert_equality_holds(stages, {"data": images(form=form)}, "float32")


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
    usual = {kind: [ref for ref in names(kind) if ref not in COMPANY] for kind in ("augment", "regularizer")}
    # those that change the forward pass come before those that read it
    usual["regularizer"].sort(key=lambda ref: ref.split(".")[1] not in ("dropout", "mixup", "noise"))
    stages = {
        "model": ["model.mlp"],
        "optimizer": ["optimizer.adam"],
        "augment": usual["augment"],
        "regularizers": usual["regularizer"],
        "schedule": ["schedule.cosine"],
    }
    assert_equality_holds(stages, {"data": images()}, "float32")
