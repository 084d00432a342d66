"""Models that are estimators: fitted at once, stored without pickles, one of many in an ensemble."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline import DataError, DataSet, OptionError, Predictor, StageError, model
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.committee import Committee
from pipeline.stages.estimated import Estimated
from pipeline.stages.fit import train_cohort
from pipeline.stages.options import RegistrationError
from pipeline.stages.stage import Stage


@model(estimator=True)
def forest(*, trees: int = 5):
    """Vote of small random trees."""
    from sklearn.ensemble import RandomForestClassifier

    return {"classes": RandomForestClassifier(trees, max_depth=2)}


@model(estimator=True)
def margin():
    """A classifier that tells no probabilities."""
    from sklearn.svm import LinearSVC

    return {"classes": LinearSVC()}


@model(estimator=True)
def nothing():
    """Return no estimator."""
    return 7


def blobs(*, classes: int = 3, validation: bool = True) -> DataSet:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    inputs = (rng.normal(size=(60, 2)) + 3 * labels[:, None]).astype("float32")
    splits = {"train": np.arange(40), "test": np.arange(50, 60)}
    splits |= {"validation": np.arange(40, 50)} if validation else {}
    return DataSet(inputs, labels, "classes", tuple("abcd"[:classes]), splits=splits)


def spec(stage: str, train: str = "train.estimator", **ports: str) -> CohortSpec:
    parts = {port: (Part(port, ref, {}),) for port, ref in {"model": stage, **ports}.items()}
    member = Member("t1", "key", 0, "data", {})
    return CohortSpec("fit", Part("fit", train, {}), parts, (member,))


def test_an_estimator_is_measured_as_networks_are(registry):
    (result,) = train_cohort(spec("model.tree"), {"data": blobs()}, registry)
    assert result.metrics.keys() == {"train_loss", "accuracy", "loss"}
    assert result.metrics["train_loss"] < 1e-9  # a tree without bounds knows its rows by heart
    assert 0.7 < result.metrics["accuracy"] <= 1


def test_without_validation_rows_the_metrics_say_that_they_are_of_training(registry):
    (result,) = train_cohort(spec("model.tree"), {"data": blobs(validation=False)}, registry)
    assert result.metrics == {"train_loss": pytest.approx(0, abs=1e-9), "train_accuracy": 1.0}


def test_the_seed_decides_a_random_estimator_and_nothing_else_does():
    data, stage = blobs(), Stage.of(forest)
    one, same, other = (Estimated.of(stage, {"trees": 5}, state, data) for state in (1, 1, 2))
    predicted = one.predict(data.inputs)
    np.testing.assert_array_equal(predicted, same.predict(data.inputs))
    assert not np.array_equal(predicted, other.predict(data.inputs))


def test_a_stored_estimator_is_numbers_and_json_and_predicts_the_same(registry):
    (result,) = train_cohort(spec("model.neighbours"), {"data": blobs()}, registry)
    parts, arrays = result.network.to_parts()
    read = Predictor.from_parts(json.loads(json.dumps(parts)), arrays, registry)
    assert all(array.dtype.kind in "fi" for array in arrays.values())
    np.testing.assert_array_equal(read.predict(blobs().inputs), result.network.predict(blobs().inputs))


def test_a_committee_of_estimators_and_networks_is_their_mean(registry):
    data = blobs()
    nets = [
        train_cohort(spec(*pair, **ports), {"data": data}, registry)[0].network
        for *pair, ports in (
            ("model.tree", "train.estimator", {}),
            ("model.mlp", "train.minibatch", {"optimizer": "optimizer.adam"}),
        )
    ]
    committee = Committee.of(registry.stage("ensemble.average"), {}, nets)
    mean = (nets[0].predict(data.inputs) + nets[1].predict(data.inputs)) / 2
    np.testing.assert_allclose(committee.predict(data.inputs), mean, rtol=1e-6)
    assert committee.networks == (nets[1],)


def test_a_class_that_no_training_row_had_has_probability_0():
    data = blobs(classes=4)
    predicted = Estimated.of(Stage.of(forest), {"trees": 3}, 0, data).predict(data.inputs)
    assert predicted.shape == (60, 4)
    assert (predicted[:, 3] == 0).all()


def test_a_classifier_without_probabilities_is_sure_of_its_class():
    data = blobs()
    predicted = Estimated.of(Stage.of(margin), {}, 0, data).predict(data.inputs)
    assert set(np.unique(predicted)) == {0, 1}


def test_raw_inputs_are_prepared_as_in_training(registry):
    raw = blobs()
    prepared = registry.stage("transform.standardize").function(raw, None)
    (result,) = train_cohort(spec("model.neighbours"), {"data": prepared}, registry)
    np.testing.assert_array_equal(
        result.network.predict_raw(raw.inputs), result.network.predict(prepared.inputs)
    )


def test_an_estimator_for_another_task_says_which_it_is_for():
    numbers = DataSet(np.eye(6), np.arange(6) / 2)
    with pytest.raises(DataError, match="is for classes, but the data holds regression"):
        Estimated.of(Stage.of(forest), {}, 0, numbers)


def test_a_stage_that_returns_no_estimators_is_refused():
    with pytest.raises(StageError, match="returned 7 instead of estimators by task"):
        Estimated.of(Stage.of(nothing), {}, 0, blobs())


@pytest.mark.parametrize(
    ("arguments", "ports", "told"),
    [
        (("model.tree", "train.minibatch"), {}, "it takes steps, but model.tree is an estimator"),
        (("model.mlp",), {}, "it fits estimators, but model.mlp is trained by steps"),
        (("model.tree",), {"optimizer": "optimizer.adam"}, "an estimator takes no optimizer"),
        (("model.tree",), {"regularizers": "regularizer.l2"}, "an estimator takes no regularizers"),
    ],
)
def test_a_train_stage_that_is_not_for_the_model_says_which_is(registry, arguments, ports, told):
    with pytest.raises(OptionError, match=told) as error:
        train_cohort(spec(*arguments, **ports), {"data": blobs()}, registry)
    assert len(str(error.value).splitlines()) == 2


def test_an_estimator_takes_options_alone():
    def shaped(x, net, *, width: int = 2):
        """Map x."""

    with pytest.raises(RegistrationError, match=r"takes exactly \(\) and options"):
        Stage.of(model(estimator=True)(shaped))


def test_a_train_stage_that_fits_nothing_is_told_so(registry):
    from pipeline.stages.estimating import Estimating

    fit = Estimating("fit", None, spec("model.tree"), {}, lambda event: None)
    with pytest.raises(StageError, match=r"call fit\.estimators"):
        fit.results()
    with pytest.raises(AttributeError, match=r"has no 'epochs'; call fit\.estimators"):
        fit.epochs(3)
