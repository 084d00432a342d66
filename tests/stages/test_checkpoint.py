"""A training that is interrupted goes on from its checkpoints as if nothing had been."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from pipeline.stages.fit import train_cohort


class Interrupted(BaseException):
    """The end of a training in its middle."""


@dataclass
class Shelf:
    """Keeps checkpoints of every epoch, and ends the training in the epoch `last`."""

    last: int = 0
    kept: dict = field(default_factory=dict)
    saves: int = 0

    def load(self, member):
        return self.kept.get(member.key)

    def due(self):
        return True

    def save(self, checkpoints):
        self.saves += 1
        self.kept |= {member.key: checkpoint for member, checkpoint in checkpoints}
        if checkpoints[0][1].epoch == self.last:
            raise Interrupted


@pytest.fixture
def train(blobs, stages):
    def run(spec, keeper=None):
        epochs = []

        def hear(event):
            if event.name == "epoch_started":
                epochs.append(event.data["epoch"])

        return train_cohort(spec, {"data": blobs()}, stages, hear, keeper), epochs

    return run


def same(one, other):
    assert one.params.keys() == other.params.keys()
    assert one.history == other.history
    assert one.metrics == other.metrics
    return all(np.array_equal(values, other.params[name]) for name, values in one.params.items())


MEMBERS = [{"adam.lr": 0.01, "seed": 1}, {"adam.lr": 0.03, "seed": 1}, {"adam.lr": 0.1, "seed": 2}]
CASES = {
    "adam": {},
    "dropout": {"regularizers": ["regularizer.dropout"]},
    "noise in float64": {"augment": ["augment.noise"], "dtype": "float64"},
    "a schedule": {"schedule": ["schedule.cosine"]},
    "batch normalisation": {"options": {"mlp": {"hidden": [5], "norm": "batch"}}},
    "a rate that falls on plateaus": {
        "regularizers": ["regularizer.reduce_on_plateau"],
        "options": {"reduce_on_plateau": {"patience": 1}, "minibatch": {"epochs": 6, "batch_size": 12}},
    },
    "early stopping": {
        "regularizers": ["regularizer.early_stopping"],
        "options": {"early_stopping": {"patience": 1}, "minibatch": {"epochs": 12, "batch_size": 12}},
    },
    "snapshots": {"train": "train.snapshots", "options": {"snapshots": {"cycles": 3, "epochs": 2}}},
    "another training on all rows": {
        "train": "train.retrain",
        "options": {"retrain": {"epochs": 4, "batch_size": 12}},
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_cohort_that_is_interrupted_at_any_epoch_ends_as_one_that_was_not(case, train, cohort_of):
    spec = cohort_of(*MEMBERS, **CASES[case])
    whole, epochs = train(spec)
    for last in range(1, max(epochs) + 1):
        shelf = Shelf(last)
        with pytest.raises(Interrupted):
            train(spec, shelf)
        shelf.last = -1
        resumed, _ = train(spec, shelf)
        for one, other in zip(resumed, whole, strict=True):
            assert same(one, other), last


def test_members_go_on_apart_and_in_another_order(train, cohort_of):
    spec = cohort_of(*MEMBERS)
    whole, _ = train(spec)
    shelf = Shelf(2)
    with pytest.raises(Interrupted):
        train(spec, shelf)
    shelf.last = -1
    for members in ([2, 0], [1]):
        part = replace(spec, members=tuple(spec.members[i] for i in members))
        resumed, epochs = train(part, shelf)
        assert epochs == [3]
        assert all(same(one, whole[i]) for one, i in zip(resumed, members, strict=True))


def test_members_at_different_epochs_go_on_one_group_after_another(train, cohort_of):
    spec = cohort_of(*MEMBERS)
    whole, _ = train(spec)
    shelf = Shelf(1)
    with pytest.raises(Interrupted):
        train(spec, shelf)
    shelf.last = 2
    with pytest.raises(Interrupted):
        train(replace(spec, members=spec.members[:1]), shelf)
    del shelf.kept[spec.members[2].key]
    shelf.last = -1
    resumed, epochs = train(spec, shelf)
    assert sorted(epochs) == [1, 2, 2, 3, 3, 3]
    assert all(same(one, other) for one, other in zip(resumed, whole, strict=True))


def test_blocks_of_a_wide_cohort_go_on_too(train, cohort_of, monkeypatch):
    monkeypatch.setattr("pipeline.stages.blocks.close_memory", lambda: 1)  # a block a member
    spec = cohort_of(*MEMBERS)
    whole, _ = train(spec)
    shelf = Shelf(2)
    with pytest.raises(Interrupted):
        train(spec, shelf)
    shelf.last = -1
    resumed, _ = train(spec, shelf)
    assert all(same(one, other) for one, other in zip(resumed, whole, strict=True))


def test_a_method_without_steps_keeps_no_checkpoint(train, cohort_of):
    shelf = Shelf()
    spec = cohort_of({"seed": 1}, train="train.lbfgs", options={"lbfgs": {"epochs": 3}})
    parts = {port: part for port, part in spec.parts.items() if port != "optimizer"}
    train(replace(spec, parts=parts), shelf)
    assert shelf.saves == 0
