import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.stages.registry import InvalidOptions
from plugins.evaluate.classification import classification


class Given:
    """A predictor whose predictions for every row of a data set are given."""

    task = "classes"

    def __init__(self, probabilities):
        self.probabilities = np.asarray(probabilities, np.float32)

    def predict_split(self, data, split):
        return self.probabilities[data.rows(split)]


def data(labels, classes=3, **splits):
    names = tuple("abc"[:classes])
    return DataSet(np.zeros((len(labels), 1)), np.array(labels), classes=names, splits=splits)


FOUR = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.5, 0.4], [0.6, 0.3, 0.1]]


def test_measures_of_four_rows_by_hand():
    measured = classification(Given(FOUR), data([0, 1, 2, 0], test=range(4)))
    assert measured["accuracy"] == 0.75
    assert measured["log_loss"] == pytest.approx(-np.log([0.8, 0.7, 0.4, 0.6]).mean(), rel=1e-6)
    assert measured["f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert measured["auroc"] == 1.0
    # confidences .8 .7 .6 right, .5 wrong: each alone in its bin of 15
    assert measured["ece"] == pytest.approx((0.2 + 0.3 + 0.4 + 0.5) / 4, rel=1e-6)
    assert all(type(value) is float for value in measured.values())


def test_confidences_of_one_bin_are_averaged_before_the_gap():
    measured = classification(
        Given([[0.62, 0.38], [0.64, 0.36]]), data([0, 1], classes=2, test=range(2)), metrics=("ece",)
    )
    assert measured == {"ece": pytest.approx(0.63 - 0.5, rel=1e-5)}


def test_only_the_rows_of_the_split_count():
    both = data([0, 1, 0, 0], test=[0, 1], validation=[2, 3])
    assert classification(Given(FOUR), both, metrics=("accuracy",)) == {"accuracy": 1.0}
    assert classification(Given(FOUR), both, split="validation", metrics=("accuracy",)) == {"accuracy": 0.5}


def test_auroc_is_left_out_where_a_class_is_absent():
    measured = classification(Given(FOUR), data([0, 1, 1, 0], test=range(4)))
    assert set(measured) == {"accuracy", "log_loss", "f1", "ece"}


def test_auroc_of_two_classes_ranks_by_the_second():
    given = Given([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    assert classification(given, data([0, 1, 0, 1], 2, test=range(4)))["auroc"] == 0.75


def test_certain_and_wrong_stays_finite():
    measured = classification(Given([[1.0, 0.0], [1.0, 0.0]]), data([0, 1], 2, test=range(2)))
    assert np.isfinite(measured["log_loss"])


def test_a_missing_split_names_those_there_are():
    with pytest.raises(DataError, match=r"no split 'test'(.|\n)*allowed: train, validation"):
        classification(Given(FOUR), data([0, 1, 2, 0], train=[0, 1], validation=[2, 3]))


def test_numbers_are_refused_with_the_stage_for_them():
    numbers = DataSet(np.zeros((4, 1)), np.linspace(0, 1, 4), splits={"test": range(4)})
    with pytest.raises(DataError, match=r"evaluate\.regression"):
        classification(Given(FOUR), numbers)


def test_a_metric_that_does_not_exist_is_refused_before_the_run_with_the_nearest(registry):
    with pytest.raises(InvalidOptions, match=r"'log_loss'(.|\n)*did you mean 'accuracy'"):
        registry.stage("evaluate.classification").check({"metrics": ["acuracy"]})


def test_every_number_gets_bounds_around_it_the_same_each_time():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 90)
    labels = [int(rng.choice(3, p=row)) for row in probabilities]
    names = ("accuracy", "log_loss", "f1", "auroc", "brier", "perplexity")
    options = {"metrics": names, "intervals": True, "resamples": 200}
    measured = classification(Given(probabilities), data(labels, test=range(90)), **options)
    for name in names:
        assert measured[f"{name}_low"] < measured[name] < measured[f"{name}_high"]
    assert measured == classification(Given(probabilities), data(labels, test=range(90)), **options)
    assert measured["perplexity"] == pytest.approx(np.exp(measured["log_loss"]))


def test_the_confusion_is_a_table_of_classes():
    shown = classification(Given(FOUR), data([0, 1, 2, 0], test=range(4)), metrics=("confusion",))[
        "confusion"
    ]
    assert shown.columns == ("", "a", "b", "c")
    assert shown.rows == (("a", 2, 0, 0), ("b", 0, 1, 0), ("c", 0, 1, 0))


def test_the_calibration_is_drawn_over_the_confidences_that_there_are():
    shown = classification(Given(FOUR), data([0, 1, 2, 0], test=range(4)), metrics=("calibration",))
    np.testing.assert_allclose(shown["calibration"].x, [0.5, 0.6, 0.7, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(shown["calibration"].series["accuracy"], [0, 1, 1, 1])
