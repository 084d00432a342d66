"""A training that begins again: on all rows, for the epochs that each member found best."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.stages import blocks
from pipeline.stages.fit import train_cohort

SETTINGS = [{"adam.lr": lr, "seed": seed} for lr in (0.02, 0.1, 0.3) for seed in (0, 1)]
OPTIONS = {"early_stopping": {"patience": 3}, "mlp": {"hidden": [5]}}
LOOP = {"epochs": 40, "batch_size": 12}


@pytest.fixture
def retrained(stages, cohort_of, blobs):
    def run(*settings, **more):
        options = {**OPTIONS, "retrain": LOOP}
        spec = cohort_of(*settings, train="train.retrain", options=options, **more)
        return train_cohort(spec, {"data": blobs()}, stages)

    return run


@pytest.fixture
def stopped(stages, cohort_of, blobs):
    """Train on the train rows alone, with early stopping."""

    def run(*settings):
        spec = cohort_of(
            *settings, options={**OPTIONS, "minibatch": LOOP}, regularizers=["regularizer.early_stopping"]
        )
        return train_cohort(spec, {"data": blobs()}, stages)

    return run


def on_all_rows(stages, cohort_of, data, setting, epochs):
    """Train on train and validation rows from the start, without any rule."""
    everything = data.replace(splits={"train": np.concatenate([data.rows("train"), data.rows("validation")])})
    spec = cohort_of(setting, options={**OPTIONS, "minibatch": {**LOOP, "epochs": epochs}})
    return train_cohort(spec, {"data": everything}, stages)[0]


def same(one, other):
    return all(np.array_equal(values, other.params[name]) for name, values in one.params.items())


def test_each_member_is_what_training_on_all_rows_for_its_number_of_epochs_gives(
    retrained, stopped, stages, cohort_of, blobs
):
    found = retrained(*SETTINGS, regularizers=["regularizer.early_stopping"])
    epochs = [int(result.metrics["epochs_found"]) for result in found]
    assert len(set(epochs)) > 2, "members must differ in what they find"
    for setting, result, first in zip(SETTINGS, found, stopped(*SETTINGS), strict=True):
        assert int(result.metrics["epochs_found"]) == first.epochs - OPTIONS["early_stopping"]["patience"]
        assert same(
            result, on_all_rows(stages, cohort_of, blobs(), setting, int(result.metrics["epochs_found"]))
        )


def test_metrics_are_those_of_the_first_training_and_the_history_has_both(retrained, stopped):
    (again,), (once,) = (
        retrained(SETTINGS[0], regularizers=["regularizer.early_stopping"]),
        stopped(SETTINGS[0]),
    )
    assert {**once.metrics, "epochs_found": again.metrics["epochs_found"]} == again.metrics
    assert again.history[: once.epochs] == once.history
    assert [record["epoch"] for record in again.history] == list(range(1, again.epochs + 1))
    assert "train_accuracy" in again.history[-1]
    assert "accuracy" not in again.history[-1]


def test_no_bit_depends_on_the_cohort_or_its_blocks(retrained, monkeypatch):
    rules = ["regularizer.early_stopping", "regularizer.dropout"]
    together = retrained(*SETTINGS, regularizers=rules)
    for setting, result in zip(SETTINGS, together, strict=True):
        (alone,) = retrained(setting, regularizers=rules)
        assert same(alone, result)
        assert alone.history == result.history
    monkeypatch.setattr(blocks, "block_width", lambda *_: 2)
    for result, other in zip(together, retrained(*SETTINGS, regularizers=rules), strict=True):
        assert same(result, other)


def test_without_a_rule_all_epochs_are_trained_again(retrained, stages, cohort_of, blobs):
    (result,) = retrained(SETTINGS[0])
    assert result.metrics["epochs_found"] == LOOP["epochs"]
    assert same(result, on_all_rows(stages, cohort_of, blobs(), SETTINGS[0], LOOP["epochs"]))


def test_a_member_that_diverged_stays_failed_and_the_others_go_on(retrained):
    settings = [{"sgd.lr": 0.1}, {"sgd.lr": 1e30}]
    done, failed = retrained(*settings, optimizer="optimizer.sgd")
    assert (done.state, failed.state) == ("done", "failed")
    assert same(done, retrained(settings[0], optimizer="optimizer.sgd")[0])


def test_when_all_diverged_nothing_begins_again(retrained):
    (failed,) = retrained({"sgd.lr": 1e30}, optimizer="optimizer.sgd")
    assert failed.state == "failed"


def test_data_without_validation_rows_are_refused(stages, cohort_of, blobs):
    spec = cohort_of(train="train.retrain", options={**OPTIONS, "retrain": {"epochs": 1}})
    with pytest.raises(DataError, match="no split 'validation'"):
        train_cohort(spec, {"data": blobs(validation=False)}, stages)
