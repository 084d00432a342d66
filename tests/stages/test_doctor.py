"""Bugs are planted in a train node, and the doctor finds each; a sound node is found sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline import DataSet, UserError, model, ops
from pipeline.engine.vjps import VJPS
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.doctor import examine
from pipeline.stages.registry import Registry
from pipeline.stages.stage import Stage


@model
def drowned(x, net, *, outputs: int):
    """Rectified units whose biases are far below anything that comes in."""
    weights = net.parameter("hidden.weights", (x.shape[-1], 12))
    bias = net.parameter("hidden.bias", (12,), -100.0, weight=False)
    return net.dense(net.hidden(ops.relu(x @ weights + bias)), outputs, name="out")


@model
def loud(x, net, *, outputs: int):
    """A last layer that starts ten times too large."""
    h = net.hidden(ops.tanh(net.dense(x, 12, name="hidden")))
    return 10.0 * net.dense(h, outputs, name="out")


def blobs() -> DataSet:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    inputs = rng.normal(size=(300, 4)) + 2 * np.eye(3, 4)[labels]
    splits = {"train": np.arange(200), "validation": np.arange(200, 300)}
    return DataSet(inputs.astype("float32"), labels, "classes", tuple("abc"), splits=splits)


def spec(net="model.mlp", lr=1e-2, train=None, **options) -> CohortSpec:
    given = {"hidden": [12], "activation": "tanh"} if net == "model.mlp" else {}
    parts = {
        "model": (Part("net", net, {**given, **options}),),
        "optimizer": (Part("adam", "optimizer.adam", {"lr": lr}),),
    }
    member = Member("t1", "k1", 0, "data", {"adam": {"lr": lr}})
    return CohortSpec("fit", Part("fit", "train.minibatch", train or {"epochs": 20}), parts, (member,))


class Local(Registry):
    """The built-in stages and those of this file."""

    def stage(self, ref):
        return OWN.get(ref) or super().stage(ref)


OWN = {stage.ref: stage for stage in map(Stage.of, (drowned, loud))}
KNOWN = Local()


def bad(spec, data) -> dict[str, str]:
    """Return the checks that found something bad, with what is to be done."""
    found = examine(spec, {"data": data}, KNOWN)
    return {finding.check: finding.advice for finding in found if finding.state == "bad"}


def test_a_sound_node_is_found_sound():
    findings = examine(spec(), {"data": blobs()}, KNOWN)
    assert [finding.state for finding in findings] == ["good"] * len(findings)
    assert [finding.check for finding in findings] == [
        "gradients",
        "first loss",
        "minibatches",
        "first updates",
        "units",
        "tiny batch",
        "labels",
        "shuffled labels",
    ]


def test_a_wrong_derivative_is_found_and_the_layer_named(monkeypatch):
    right = VJPS["tanh"]
    monkeypatch.setitem(VJPS, "tanh", lambda *given: tuple(1.1 * g for g in right(*given)))
    found = bad(spec(), blobs())
    assert found.keys() == {"gradients"}
    assert "hidden0.weights" in found["gradients"]
    assert "out.weights" not in found["gradients"]


def test_labels_that_do_not_stand_at_their_rows_are_found():
    data = blobs()
    rng = np.random.default_rng(1)
    found = bad(spec(), data.replace(inputs=data.inputs[rng.permutation(300)]))
    assert found.keys() == {"labels"}


def test_rows_in_the_order_of_their_labels_are_found():
    data = blobs()
    rows = np.argsort(data.targets[:200], kind="stable")
    ordered = data.with_splits(train=rows)
    found = bad(spec(train={"epochs": 20, "shuffle": False, "batch_size": 20}), ordered)
    assert "use `shuffle: true`" in found["minibatches"]
    assert "minibatches" not in bad(spec(train={"epochs": 20, "batch_size": 20}), ordered)


def test_dead_units_are_found():
    found = bad(spec("model.drowned"), blobs())
    assert {"units", "tiny batch", "labels"} <= found.keys()
    assert found["units"].startswith("most of hidden0 learns nothing")


def test_a_learning_rate_a_thousand_times_too_high_is_found():
    found = bad(spec(lr=10.0), blobs())
    assert found["first updates"] == "steps are too long: lower adam.lr (10)"


def test_validation_rows_that_were_trained_on_are_found_by_shuffled_labels():
    data = blobs()
    leaking = data.with_splits(validation=data.rows("train")[:100])
    by_heart = spec(train={"epochs": 10, "batch_size": 8}, hidden=[200])
    assert "known from training" in bad(by_heart, leaking)["shuffled labels"]


def test_a_first_loss_far_above_the_logarithm_of_the_classes_is_found():
    found = bad(spec("model.loud"), blobs())
    assert "the last layer should start small" in found["first loss"]


def test_targets_far_from_0_are_found():
    data = blobs()
    far = DataSet(data.inputs, 500 + data.inputs[:, 0], splits=dict(data.splits))
    assert "shift and scale them" in bad(spec(), far)["first loss"]


def test_what_stops_gradients_on_purpose_is_not_checked():
    quiet = spec()
    parts = {**quiet.parts, "regularizers": (Part("vat", "regularizer.virtual_adversarial", {}),)}
    data = blobs().with_splits(train=np.arange(100), unlabelled=np.arange(100, 200))
    found = examine(replace(quiet, parts=parts), {"data": data}, KNOWN)
    assert found[0].state == "not checked"


def test_a_train_stage_that_makes_its_own_examples_has_no_labels_to_check(registry):
    data = registry.stage("data.environment").function(rows=32)
    play = spec(train={"epochs": 3, "episodes": 2, "horizon": 20})
    play = replace(play, train=replace(play.train, stage="train.policy_gradient"))
    play = replace(play, parts={**play.parts, "loss": (Part("loss", "loss.policy", {}),)})
    findings = {finding.check: finding.state for finding in examine(play, {"data": data}, KNOWN)}
    assert findings["first updates"] == "not checked"
    assert findings["gradients"] == "good"
    assert "labels" not in findings


def test_a_train_stage_that_goes_down_all_rows_has_no_minibatches():
    parts = {"model": spec().parts["model"]}
    down = replace(spec(), parts=parts, train=Part("fit", "train.lbfgs", {"epochs": 5}))
    findings = {finding.check: finding.state for finding in examine(down, {"data": blobs()}, KNOWN)}
    assert findings["minibatches"] == findings["tiny batch"] == "not checked"
    assert findings["labels"] == "good"


def test_an_estimator_has_no_steps_to_examine():
    member = Member("t1", "k1", 0, "data", {})
    tree = CohortSpec(
        "fit", Part("fit", "train.estimator", {}), {"model": (Part("t", "model.tree", {}),)}, (member,)
    )
    with pytest.raises(UserError, match="its model is an estimator"):
        examine(tree, {"data": blobs()}, KNOWN)
