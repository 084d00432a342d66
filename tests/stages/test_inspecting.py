"""The health of a network: gradients by layer against autograd, units that are dead or saturated."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from pipeline import DataError, DataSet
from pipeline.stages.estimated import Estimated
from pipeline.stages.inspecting import Health
from pipeline.stages.net import eager
from pipeline.stages.predictor import Network


def data(task="classes") -> DataSet:
    rng = np.random.default_rng(0)
    targets = np.arange(40) % 3 if task == "classes" else rng.normal(size=40)
    return DataSet(rng.normal(size=(40, 4)), targets, splits={"train": np.arange(30)})


def network(registry, data: DataSet, hidden=(6, 5), activation="tanh", **changed) -> Network:
    stage, link = registry.stage("model.mlp"), "softmax" if data.task == "classes" else "identity"
    options = stage.check({"hidden": hidden, "activation": activation, "outputs": data.outputs(link)})
    net = eager(1)
    stage.function(data.inputs, net, **options)
    parameters = {name: p.initial(1, "model") for name, p in net.declared.items()}
    return Network.of(stage, options, link, data, {**parameters, **changed})


def loss(parameters, x, y):
    h = x
    for i in range(2):
        h = anp.tanh(anp.dot(h, parameters[f"hidden{i}.weights"]) + parameters[f"hidden{i}.bias"])
    z = anp.dot(h, parameters["out.weights"]) + parameters["out.bias"]
    log_sum = anp.log(anp.sum(anp.exp(z), axis=1))
    return anp.mean(log_sum - z[np.arange(len(y)), y])


def test_gradients_by_layer_are_those_of_autograd(registry):
    net, (x, y) = network(registry, data()), data().split("train")
    health = net.health(data(), "train")[0]
    expected = grad(loss)(dict(net.parameters), x, y)
    assert list(health.layers) == ["hidden0.weights", "hidden1.weights", "out.weights"]
    for name, layer in health.layers.items():
        assert layer.gradient == pytest.approx(np.linalg.norm(expected[name]), rel=1e-9)
        assert layer.weights == pytest.approx(np.linalg.norm(net.parameters[name]), rel=1e-12)
    assert health.loss == pytest.approx(float(loss(net.parameters, x, y)), rel=1e-12)


def test_the_loss_of_numbers_is_half_the_squared_error(registry):
    numbers = data("regression")
    net = network(registry, numbers)
    assert net.health(numbers, "train")[0].loss == pytest.approx(net.loss(numbers, "train"))


def test_units_below_any_input_are_dead(registry):
    bias = np.array([0.0, -1e3, 0.0, -1e3, 0.0, 0.0])
    net = network(registry, data(), activation="relu", **{"hidden0.bias": bias})
    units = net.health(data(), "train")[0].units["hidden0"]
    assert (units.count, units.dead, units.saturated) == (6, 2, 0)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_units_at_a_bound_are_saturated(registry, activation):
    bias = np.array([0.0, -30.0, 0.0, 30.0, 30.0])
    net = network(registry, data(), activation=activation, **{"hidden1.bias": bias})
    units = net.health(data(), "train")[0].units
    assert units["hidden1"].saturated == 3
    assert units["hidden0"].saturated == 0


def test_only_the_rows_asked_for_are_looked_at(registry):
    net, (x, y) = network(registry, data()), data().split("train")
    assert net.health(data(), "train", 7)[0] == Health.of(net, x[:7], y[:7])


def test_an_estimator_has_no_units(registry):
    tree = Estimated.of(registry.stage("model.tree"), {"depth": None, "leaf": 1}, 0, data())
    with pytest.raises(DataError, match="only networks have units"):
        tree.health(data(), "train")
