"""Gradients of trained networks with respect to inputs, against differences of what they predict."""

import numpy as np
import pytest

from pipeline import DataError, DataSet, ShapeError, StageError, ops
from pipeline.stages.committee import Committee
from pipeline.stages.net import eager
from pipeline.stages.predictor import Network

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(600, 3))


def data(task):
    targets = {"classes": np.arange(600) % 3, "two": np.arange(600) % 2, "regression": INPUTS[:, :2] * 2}
    return DataSet(INPUTS, targets[task])


def network(registry, task="classes", link="softmax", seed=0):
    stage, given = registry.stage("model.mlp"), data(task)
    options = stage.check({"hidden": [6], "activation": "tanh", "outputs": given.outputs(link)})
    net = eager(seed)
    stage.function(given.inputs, net, **options)
    parameters = {name: p.initial(seed, "model") for name, p in net.declared.items()}
    return Network.of(stage, options, link, given, parameters)


def losses(net, x, y):
    """Return each row's loss from what the network predicts."""
    predicted = net.predict(x)
    if net.task == "classes":
        return -np.log(predicted[np.arange(len(y)), y])
    return 0.5 * np.square(predicted - y).sum(axis=1)


@pytest.mark.parametrize(
    ("task", "link"), [("classes", "softmax"), ("two", "sigmoid"), ("regression", "identity")]
)
def test_it_is_the_slope_of_each_rows_loss(registry, task, link):
    net, targets = network(registry, task, link), data(task).targets
    found = net.input_gradient()(INPUTS, targets)
    for column in range(3):
        step = np.zeros(3)
        step[column] = 1e-6
        slope = (losses(net, INPUTS + step, targets) - losses(net, INPUTS - step, targets)) / 2e-6
        np.testing.assert_allclose(found[:, column], slope, atol=1e-7)


def test_a_row_does_not_see_its_neighbours_whatever_their_number(registry):
    slope, targets = network(registry).input_gradient(), data("classes").targets
    alone = np.concatenate([slope(INPUTS[i : i + 1], targets[i : i + 1]) for i in (0, 300, 599)])
    np.testing.assert_allclose(slope(INPUTS, targets)[[0, 300, 599]], alone, rtol=1e-12)


def test_another_measure_may_be_differentiated(registry):
    net = network(registry)
    weights = RNG.normal(size=(600, 3))
    slope = net.input_gradient(lambda outputs, given: ops.sum(outputs * given, axis=-1))
    both = slope(INPUTS, weights) + slope(INPUTS, 1 - weights)
    np.testing.assert_allclose(both, slope(INPUTS, np.ones((600, 3))), atol=1e-12)


def test_a_committees_is_the_mean_of_its_networks(registry):
    nets = [network(registry, seed=seed) for seed in range(2)]
    group, targets = Committee.of(registry.stage("ensemble.average"), {}, nets), data("classes").targets
    expected = np.mean([net.input_gradient()(INPUTS, targets) for net in nets], axis=0)
    np.testing.assert_allclose(group.input_gradient()(INPUTS, targets), expected)


def test_what_does_not_fit_is_said(registry):
    slope = network(registry).input_gradient()
    with pytest.raises(DataError, match="only floats have a gradient"):
        slope(np.zeros((2, 3), int), np.zeros(2, int))
    with pytest.raises(ShapeError, match="2 rows of inputs, but 3 of targets"):
        slope(np.zeros((2, 3)), np.zeros(3, int))
    with pytest.raises(ShapeError, match=r"takes rows of shape \(3,\)"):
        slope(np.zeros((2, 4)), np.zeros(2, int))
    with pytest.raises(StageError, match=r"a measure gives one number a row, \(2,\)"):
        network(registry).input_gradient(lambda outputs, given: outputs)(np.zeros((2, 3)), np.zeros(2, int))
