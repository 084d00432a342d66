import numpy as np
import pytest
from scipy.special import huber
from sklearn import metrics

from pipeline import DataError, DataSet
from pipeline.stages.registry import InvalidOptions
from plugins.evaluate.regression import regression


class Given:
    """A predictor whose values for every row of a data set are given."""

    task = "regression"

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)

    def predict_split(self, data, split):
        return self.values[data.rows(split)]


def data(targets, **splits):
    return DataSet(
        np.zeros((len(targets), 1)),
        np.asarray(targets, float),
        splits=splits or {"test": range(len(targets))},
    )


def test_measures_of_three_rows_by_hand():
    measured = regression(Given([[2.0], [3.0], [5.0]]), data([1.0, 2.0, 6.0]))
    assert measured["rmse"] == 1.0
    assert measured["mae"] == 1.0
    assert measured["r2"] == pytest.approx(1 - 3 / 14)
    errors = np.array([-1, -1, 1])
    assert measured["explained_variance"] == pytest.approx(1 - errors.var() / np.var([1, 2, 6]))


def test_columns_are_averaged():
    measured = regression(Given([[0.0, 2.0], [0.0, 2.0]]), data([[0.0, 0.0], [0.0, 0.0]]), metrics=("mae",))
    assert measured == {"mae": 1.0}


def test_only_the_rows_of_the_split_count():
    parts = data([1.0, 2.0, 3.0], test=[0], validation=[1, 2])
    assert regression(Given([[1.0], [0.0], [0.0]]), parts, metrics=("rmse",)) == {"rmse": 0.0}


def test_r2_of_one_row_is_left_out():
    assert set(regression(Given([[1.0]]), data([2.0]))) == {"rmse", "mae"}


def test_classes_are_refused_with_the_stage_for_them():
    labels = DataSet(np.zeros((2, 1)), np.array([0, 1]), splits={"test": [0, 1]})
    with pytest.raises(DataError, match=r"evaluate\.classification"):
        regression(Given([[1.0], [1.0]]), labels)


def test_a_missing_split_names_those_there_are():
    with pytest.raises(DataError, match="allowed: train"):
        regression(Given([[1.0], [1.0]]), data([1.0, 2.0], train=[0, 1]))


def test_a_metric_that_does_not_exist_is_refused_before_the_run(registry):
    with pytest.raises(InvalidOptions, match=r"'rmse'(.|\n)*did you mean 'rmse'"):
        registry.stage("evaluate.regression").check({"metrics": ["rsme"]})


def test_losses_of_errors_are_scikit_learns_and_scipys():
    rng = np.random.default_rng(0)
    targets, values = rng.standard_normal(40), rng.standard_normal((40, 1)).astype(np.float32)
    names = ("mse", "huber", "quantile", "median_error")
    measured = regression(Given(values), data(targets), metrics=names, delta=0.5, level=0.2)
    misses = targets - values[:, 0].astype(float)
    assert measured["mse"] == pytest.approx(metrics.mean_squared_error(targets, values), rel=1e-6)
    assert measured["huber"] == pytest.approx(huber(0.5, misses).mean(), rel=1e-6)
    pinball = metrics.mean_pinball_loss(targets, values, alpha=0.2)
    assert measured["quantile"] == pytest.approx(pinball, rel=1e-6)
    assert measured["median_error"] == pytest.approx(np.median(np.abs(misses)), rel=1e-6)


def test_the_mean_error_and_the_share_below_tell_means_from_quantiles():
    given, targets = Given([[2.0], [2.0], [2.0], [2.0]]), data([0.0, 0.0, 1.0, 7.0])
    assert regression(given, targets, metrics=("bias", "below")) == {"bias": 0.0, "below": 0.75}


def test_every_number_gets_bounds_around_it():
    rng = np.random.default_rng(0)
    targets = rng.standard_normal(60)
    given = Given((targets + 0.3 * rng.standard_normal(60))[:, None])
    measured = regression(given, data(targets), intervals=True, resamples=200)
    for name in ("rmse", "mae", "r2", "explained_variance"):
        assert measured[f"{name}_low"] < measured[name] < measured[f"{name}_high"]
