import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.stages.fit import train_cohort
from pipeline.testing import probes


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_at_the_weights_it_is_the_predictors_loss(task):
    data = probes.table(task)
    model = probes.predictor(data, 0)
    for split in ("train", "test"):
        assert model.loss_function(data, split)(model.weights) == pytest.approx(
            model.loss(data, split), rel=1e-9
        )


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_by_one_output_or_two_are_the_predictors_loss(stages, cohort_of, blobs, outputs):
    data = blobs().replace(targets=np.arange(50) % 2, classes=("no", "yes"))
    loss = ["loss.bernoulli"] if outputs == 1 else []
    (result,) = train_cohort(cohort_of(loss=loss), {"data": data}, stages)
    f = result.network.loss_function(data, "validation")
    assert f(result.network.weights) == pytest.approx(result.metrics["loss"], rel=1e-5)


def test_its_weights_are_the_trained_ones_and_buffers_stay(stages, cohort_of, blobs):
    data = blobs()
    (result,) = train_cohort(cohort_of(model="model.centred"), {"data": data}, stages)
    network = result.network
    buffers = network.parameters["running"].size
    assert network.weights.size == sum(array.size for array in network.parameters.values()) - buffers
    f = network.loss_function(data, "validation")
    assert f(network.weights) == pytest.approx(network.loss(data, "validation"), rel=1e-5)


def test_its_gradient_is_that_of_differences():
    data = probes.table("classes")
    model = probes.predictor(data, 0)
    f, w = model.loss_function(data, "train"), model.weights
    direction = np.random.default_rng(0).normal(size=w.size)
    h = 1e-6
    slope = (f(w + h * direction) - f(w - h * direction)) / (2 * h)
    assert f.directional(w, direction) == pytest.approx(slope, rel=1e-6)


def test_data_of_another_task_or_without_targets_are_refused():
    model = probes.predictor(probes.table("classes"), 0)
    with pytest.raises(DataError, match="the model predicts classes, but the data holds regression"):
        model.loss_function(probes.table("regression"), "train")
