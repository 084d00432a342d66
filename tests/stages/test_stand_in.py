"""A cohort trains, stops, diverges and is evaluated on arrays as strict as CuPy's."""

from __future__ import annotations

import numpy as np
import pytest
from strict import DEVICE, has_compiler, stand_in_only, strict_backend, strict_cublas

from pipeline.engine import capture, cublas
from pipeline.stages import beginning
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry
from pipeline.stages.training import Training

pytestmark = pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")

PARTS = {
    "mlp": {
        "model": (Part("net", "model.mlp", {"hidden": (6,), "activation": "relu", "outputs": None}),),
        "augment": (Part("shift", "augment.shift", {}),),
        "regularizers": (
            Part("drop", "regularizer.dropout", {"rate": 0.2}),
            Part("l2", "regularizer.l2", {}),
        ),
    },
    "cnn": {"model": (Part("net", "model.cnn", {}),)},
    "resnet": {"model": (Part("net", "model.resnet", {"channels": [3], "blocks": 1}),)},
    "unlabelled": {
        "model": (Part("net", "model.mlp", {"hidden": (6,)}),),
        "regularizers": (Part("sure", "regularizer.entropy", {"rows": 8}),),
    },
}


def cohort(registry, parts, seeds, data):
    def complete(part):
        stage = registry.stage(part.stage)
        given = {name: value for name, value in part.options.items() if value is not None}
        return Part(part.node, part.stage, stage.check(given))

    filled = {port: tuple(map(complete, those)) for port, those in parts.items()}
    filled["optimizer"] = (Part("adam", "optimizer.adam", registry.stage("optimizer.adam").check({})),)
    train = registry.stage("train.minibatch").check({"epochs": 2, "batch_size": 16})
    members = tuple(
        Member(f"t{i}", f"{i:04x}", seed, data, {"adam": {"lr": 1e-3 * (i + 1)}})
        for i, seed in enumerate(seeds)
    )
    return CohortSpec("fit", Part("fit", "train.minibatch", train), filled, members)


def images(seed=0):
    rng = np.random.default_rng(seed)
    inputs, targets = rng.normal(size=(70, 6, 6)).astype("float32"), rng.integers(0, 3, 70)
    splits = {"train": np.arange(40), "validation": np.arange(40, 60), "unlabelled": np.arange(60, 70)}
    return DataSet(inputs, targets, "classes", classes=("a", "b", "c"), splits=splits)


@pytest.mark.parametrize("seeds", [(1, 1, 1), (1, 2, 1)], ids=["one seed", "two seeds"])
@pytest.mark.parametrize("model", PARTS)
def test_training_on_strict_arrays_follows_numpy(model, seeds, monkeypatch):
    registry = Registry()
    spec = cohort(registry, PARTS[model], seeds, "digits")
    expected = train_cohort(spec, {"digits": images()}, registry)
    monkeypatch.setattr(beginning, "backend_named", lambda name: strict_backend())
    found = train_cohort(spec, {"digits": images()}, registry)
    for theirs, ours in zip(expected, found, strict=True):
        assert (ours.state, ours.epochs) == ("done", 2)
        assert ours.metrics == pytest.approx(theirs.metrics, rel=1e-4)
        for name, value in theirs.params.items():
            np.testing.assert_allclose(ours.params[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


@stand_in_only
@pytest.mark.parametrize("seeds", [(1, 1, 1), (1, 2, 1)], ids=["one seed", "two seeds"])
@pytest.mark.parametrize("model", PARTS)
def test_steps_are_captured_and_bring_nothing_from_the_host(model, seeds, monkeypatch):
    registry = Registry()
    library = strict_cublas()
    monkeypatch.setattr(cublas, "library", lambda: library)
    monkeypatch.setattr(beginning, "backend_named", lambda name: strict_backend())
    step, captured, copies, graphs = Training.step, capture.captured, [], []

    def counted(*arguments):
        before = DEVICE.copies
        step(*arguments)
        copies.append(DEVICE.copies - before)

    monkeypatch.setattr(Training, "step", counted)
    monkeypatch.setattr(
        capture, "captured", lambda *arguments: graphs.append(captured(*arguments)) or graphs[-1]
    )
    trained = train_cohort(cohort(registry, PARTS[model], seeds, "digits"), {"digits": images()}, registry)
    assert [one.state for one in trained] == ["done"] * 3
    assert copies[3:] == [1, 0, 0]  # in the second epoch its order of rows, once
    assert len(graphs) == 2  # of full minibatches and of the last, smaller one


def test_a_member_that_diverges_on_strict_arrays_leaves_the_others(monkeypatch):
    registry = Registry()
    monkeypatch.setattr(beginning, "backend_named", lambda name: strict_backend())
    spec = cohort(registry, {"model": PARTS["mlp"]["model"]}, (1, 1), "digits")
    wild = Member("t1", "0001", 1, "digits", {"adam": {"lr": 1e38}})
    spec = CohortSpec(spec.node, spec.train, spec.parts, (spec.members[0], wild))
    calm, failed = train_cohort(spec, {"digits": images()}, registry)
    assert (calm.state, failed.state) == ("done", "failed")
