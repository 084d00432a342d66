import numpy as np
import pytest

from pipeline import DataSet
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


def test_activations_that_are_not_named_do_not_count(measured):
    assert list(measured(np.ones((2, 4)), only="code")) == ["zero_weights"]


def test_it_conforms():
    check_stage(sparsity)
