import numpy as np
import pytest

from pipeline import DataError
from pipeline.stages.committee import Committee
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.ensemble.average import average
from plugins.evaluate.committee import committee


def group(data, count=4):
    return Committee.of(Stage.of(average), {}, [probes.predictor(data, seed) for seed in range(count)])


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_the_forecast_is_the_error_of_the_average(task):
    data = probes.table(task)
    found = committee(group(data), data)
    x, y = data.split("test")
    wanted = np.eye(3)[y] if task == "classes" else y
    error = np.square(group(data).predict(x) - wanted).sum(axis=1).mean()
    assert found["averaged"] == pytest.approx(error)
    assert found["forecast"] == pytest.approx(error)


def test_simulated_errors_average_as_the_formula_says():
    rng, k, v, c = np.random.default_rng(0), 8, 2.0, 0.6
    covariance = np.full((k, k), c) + (v - c) * np.eye(k)
    errors = rng.multivariate_normal(np.zeros(k), covariance, size=400_000)
    assert np.square(errors.mean(axis=1)).mean() == pytest.approx(v / k + (k - 1) * c / k, rel=0.01)


def test_one_network_is_no_committee():
    data = probes.table("classes")
    with pytest.raises(DataError, match="the model is one"):
        committee(probes.predictor(data, 0), data)


def test_it_conforms():
    data = probes.table("classes")
    check_stage(committee, model=group(data), data=data)
