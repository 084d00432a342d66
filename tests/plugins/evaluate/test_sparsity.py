import numpy as np
import pytest

from pipeline import DataSet, OptionError
from pipeline.stages.predictor import Network
from pipeline.testing import check_stage
from plugins.evaluate.sparsity import sparsity


@pytest.fixture
def measured(registry):
    """Measure a net of four units that say what they are given, and one output."""

    def measure(said, weights=1.0, **options):
        said = np.asarray(said, np.float64)
        data = DataSet(said, np.zeros(len(said)), "regression", splits={"test": np.arange(len(said))})
        parameters = {
            "hidden0.weights": np.eye(4),
            "hidden0.bias": np.zeros(4),
            "out.weights": np.broadcast_to(weights, (4, 1)).astype(float),
            "out.bias": np.zeros(1),
        }
        stage = registry.stage("model.mlp")
        chosen = stage.check({"hidden": [4], "outputs": 1})
        return sparsity(Network.of(stage, chosen, "identity", data, parameters), data, **options)

    return measure


def test_zero_weights_are_counted_and_biases_are_not(measured):
    found = measured(np.ones((2, 4)), weights=[[0.0], [0.0], [1.0], [1.0]])
    assert found["zero_weights"] == pytest.approx((12 + 2) / 20)


def test_quiet_units_are_counted_up_to_the_threshold(measured):
    said = [[0.0, 0.0, 1.0, 0.2], [0.0, -3.0, 0.5, 0.1]]  # relu makes the negative one 0
    assert measured(said)["quiet"] == pytest.approx(4 / 8)
    assert measured(said, threshold=0.2)["quiet"] == pytest.approx(6 / 8)
    assert measured(said)["activity"] == pytest.approx(1.8 / 8)


def test_hoyers_sparseness_is_0_for_equal_units_and_1_for_one_alone(measured):
    assert measured(np.ones((3, 4)))["hoyer"] == pytest.approx(0.0)
    assert measured([[0.0, 0.0, 2.0, 0.0]])["hoyer"] == pytest.approx(1.0)
    assert measured([[3.0, 4.0, 0.0, 0.0], [0.0] * 4])["hoyer"] == pytest.approx((2 - 7 / 5) / (2 - 1))


def test_activations_are_named_by_a_pattern_and_one_that_fits_none_is_refused(measured):
    assert measured(np.ones((2, 4)), only="hidden?") == measured(np.ones((2, 4)))
    with pytest.raises(
        OptionError, match=r"'hidden1', which fits no hidden activation(.|\n)*allowed: hidden0"
    ):
        measured(np.ones((2, 4)), only="hidden1")


def test_a_model_without_hidden_units_has_weights_alone(registry):
    stage, data = (
        registry.stage("model.linear"),
        DataSet(np.ones((2, 4)), np.ones(2), splits={"test": [0, 1]}),
    )
    parameters = {"out.weights": np.zeros((4, 1)), "out.bias": np.zeros(1)}
    net = Network.of(stage, stage.check({"outputs": 1}), "identity", data, parameters)
    assert sparsity(net, data) == {"zero_weights": 1.0}


def test_it_conforms():
    check_stage(sparsity)
