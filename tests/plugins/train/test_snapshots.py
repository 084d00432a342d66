import numpy as np
import pytest

from pipeline import DataSet, Predictor
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.committee import Committee
from pipeline.stages.fit import train_cohort
from pipeline.testing import check_stage
from plugins.train.snapshots import snapshots


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    classes = np.arange(60) % 3
    inputs = rng.normal(size=(60, 4)) + classes[:, None] * np.array([1.0, -1.0, 0.5, 0.0])
    return DataSet(inputs, classes, splits={"train": np.arange(40), "validation": np.arange(40, 60)})


def trained(registry, data, **options):
    def part(ref, **options):
        return Part(ref.split(".")[1], ref, registry.stage(ref).check(options))

    parts = {
        "model": (part("model.mlp", hidden=[5]),),
        "optimizer": (part("optimizer.sgd", lr=0.1),),
        "schedule": (part("schedule.restarts", cycles=options.get("cycles", 5)),),
    }
    train = part("train.snapshots", batch_size=16, **options)
    spec = CohortSpec("fit", train, parts, (Member("t", "k", 3, "data", {}),))
    (result,) = train_cohort(spec, {"data": data}, registry)
    return result


def test_each_cycle_leaves_the_network_that_it_ends_with(registry, data):
    three = trained(registry, data, cycles=3, epochs=2).network
    assert isinstance(three, Committee)
    assert three.stage.ref == "ensemble.average"
    assert len(three.networks) == 3
    weights = [network.parameters["out.weights"] for network in three.networks]
    assert not np.array_equal(weights[0], weights[1])
    expected = np.mean([network.predict(data.inputs) for network in three.networks], axis=0)
    np.testing.assert_allclose(three.predict(data.inputs), expected, rtol=1e-6)


def test_only_the_last_are_kept_where_that_is_asked_for(registry, data):
    all_of_them = trained(registry, data, cycles=4, epochs=1).network.networks
    last = trained(registry, data, cycles=4, epochs=1, keep=2).network.networks
    assert len(last) == 2
    for kept, expected in zip(last, all_of_them[2:], strict=True):
        np.testing.assert_array_equal(kept.parameters["out.weights"], expected.parameters["out.weights"])


def test_the_last_snapshot_is_where_the_training_ended_and_metrics_are_the_averages(registry, data):
    result = trained(registry, data, cycles=2, epochs=2)
    np.testing.assert_array_equal(
        result.network.networks[-1].parameters["out.weights"], result.params["out.weights"]
    )
    predicted = result.network.predict_split(data, "validation").argmax(axis=1)
    assert result.metrics["accuracy"] == pytest.approx((predicted == data.split("validation")[1]).mean())
    assert result.metrics["loss"] == pytest.approx(result.network.loss(data, "validation"))


def test_a_predictor_of_snapshots_is_kept_and_read(registry, data):
    network = trained(registry, data, cycles=2, epochs=1).network
    again = Predictor.from_parts(*network.to_parts(), registry)
    np.testing.assert_array_equal(again.predict(data.inputs), network.predict(data.inputs))


def test_it_conforms():
    check_stage(snapshots, options={"cycles": 2, "epochs": 1, "batch_size": 8})
