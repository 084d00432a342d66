"""`plait plugins show` tells what a stage's node takes."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("ref", "without"),
    [
        ("train.minibatch", set()),
        ("train.lbfgs", {"optimizer", "schedule"}),
        ("train.estimator", {"optimizer", "schedule", "augment", "regularizers", "loss"}),
    ],
)
def test_a_train_stage_shows_only_the_inputs_that_it_has_a_use_for(plait, ref, without):
    everything = {"data", "model", "optimizer", "schedule", "augment", "regularizers", "loss"}
    assert set(plait("plugins", "show", ref, "--json").json["takes"]) == everything - without


def test_options_of_an_estimator_are_the_same_for_all_of_a_cohort(plait):
    assert plait("plugins", "show", "model.glm", "--json").json["varying"] == []
