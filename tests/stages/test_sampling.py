"""Draws from a trained model."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import DataError, StageError, model
from pipeline.stages.dataset import DataSet
from pipeline.stages.predictor import Network
from pipeline.stages.stage import Stage

DATA = DataSet(np.ones((4, 2, 3)), np.ones((4, 6)))


@model
def shifted(x, net, *, width: int = 6):
    """Draw numbers around a mean."""
    mean = net.parameter("mean", (6,))
    net.sampler(lambda rng, count: mean[:width] + rng.random((count, width)))
    return mean + 0 * x.reshape(len(x), -1)


@model
def mute(x, net):
    """Say nothing about draws."""
    return net.dense(x.reshape(len(x), -1), 6, name="out")


def network(function, parameters, **options):
    return Network.of(Stage.of(function), options, "identity", DATA, parameters)


def test_draws_have_the_shape_of_inputs_and_come_from_the_trained_parameters():
    drawn = network(shifted, {"mean": np.arange(6.0)}, width=6).sample(50, seed=3)
    assert drawn.shape == (50, 2, 3)
    np.testing.assert_array_equal(np.floor(drawn), np.broadcast_to(np.arange(6.0).reshape(2, 3), (50, 2, 3)))


def test_the_seed_decides_the_draws():
    made = network(shifted, {"mean": np.zeros(6)}, width=6)
    np.testing.assert_array_equal(made.sample(5, seed=1), made.sample(5, seed=1))
    assert not np.array_equal(made.sample(5, seed=1), made.sample(5, seed=2))


def test_a_model_without_a_sampler_is_told_which_have_one():
    parameters = {"out.weights": np.ones((6, 6)), "out.bias": np.ones(6)}
    with pytest.raises(DataError, match=r"model\.mute[\s\S]*net\.sampler[\s\S]*model\.vae"):
        network(mute, parameters).sample(5)


def test_draws_of_another_shape_are_the_stages_fault():
    with pytest.raises(StageError, match=r"gave \(5, 4\) for 5 draws of \(2, 3\)"):
        network(shifted, {"mean": np.zeros(6)}, width=4).sample(5)
