import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.stages.predictor import Network
from pipeline.testing import check_stage
from plugins.evaluate.monte_carlo import monte_carlo

RNG = np.random.default_rng(0)


@pytest.fixture
def net_and_data(registry):
    """A net of relu units with positive inputs and weights: linear, and so are its outputs."""

    def make(task):
        inputs = RNG.random((200, 4))
        targets = inputs.sum(axis=1) if task == "regression" else (inputs[:, 0] > inputs[:, 1]).astype(int)
        data = DataSet(inputs, targets, task, splits={"test": np.arange(200)})
        outputs = 1 if task == "regression" else 2
        parameters = {
            "hidden0.weights": RNG.random((4, 6)),
            "hidden0.bias": np.zeros(6),
            "out.weights": RNG.random((6, outputs)),
            "out.bias": np.zeros(outputs),
        }
        stage = registry.stage("model.mlp")
        link = "identity" if task == "regression" else "softmax"
        return Network.of(
            stage, stage.check({"hidden": [6], "outputs": outputs}), link, data, parameters
        ), data

    return make


def test_the_average_of_a_linear_net_goes_to_what_the_weight_scaling_rule_says(net_and_data):
    few, many = (monte_carlo(*net_and_data("regression"), rate=0.3, samples=n) for n in (5, 2000))
    assert abs(many["rmse"] - many["scaled_rmse"]) < 0.02 * many["scaled_rmse"]
    assert abs(few["rmse"] - few["scaled_rmse"]) > abs(many["rmse"] - many["scaled_rmse"])


def test_the_spread_is_that_of_the_masks_and_0_without_any(net_and_data):
    net, data = net_and_data("regression")
    found = monte_carlo(net, data, rate=0.3, samples=400)
    hidden = data.inputs @ net.parameters["hidden0.weights"]
    # each unit contributes h·w times a mask of variance rate / (1 - rate)
    exact = np.sqrt(np.square(hidden * net.parameters["out.weights"][:, 0]).sum(axis=1) * 0.3 / 0.7)
    assert found["spread"] == pytest.approx(exact.mean(), rel=0.05)
    assert monte_carlo(net, data, rate=0.0, samples=3)["spread"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("units", ["hidden", "inputs", "both"])
def test_without_dropout_both_are_the_same(net_and_data, units):
    found = monte_carlo(*net_and_data("classes"), rate=0.0, units=units, samples=2)
    assert found["accuracy"] == found["scaled_accuracy"]
    assert found["log_loss"] == pytest.approx(found["scaled_log_loss"])


def test_another_seed_draws_other_masks(net_and_data):
    net, data = net_and_data("classes")
    first, same, other = (monte_carlo(net, data, samples=3, seed=seed)["log_loss"] for seed in (1, 1, 9))
    assert first == same != other


def test_a_model_without_hidden_units_is_refused(registry):
    stage, data = (
        registry.stage("model.linear"),
        DataSet(np.ones((2, 4)), np.ones(2), splits={"test": [0, 1]}),
    )
    parameters = {"out.weights": np.ones((4, 1)), "out.bias": np.zeros(1)}
    net = Network.of(stage, stage.check({"outputs": 1}), "identity", data, parameters)
    with pytest.raises(DataError, match="no hidden units"):
        monte_carlo(net, data)
    assert monte_carlo(net, data, units="inputs")["spread"] > 0


def test_it_conforms():
    check_stage(monte_carlo)
