import numpy as np
import pytest
from scipy.special import huber
from sklearn import metrics

from pipeline import measures


@pytest.fixture(params=[1, 3])
def numbers(request):
    rng = np.random.default_rng(request.param)
    return rng.standard_normal((30, request.param)), 0.2 + rng.standard_normal((30, request.param))


def test_measures_are_scikit_learns(numbers):
    pairs = {
        measures.squared_error: metrics.mean_squared_error,
        measures.rms_error: metrics.root_mean_squared_error,
        measures.absolute_error: metrics.mean_absolute_error,
        measures.median_error: metrics.median_absolute_error,
        measures.r2: metrics.r2_score,
        measures.explained_variance: metrics.explained_variance_score,
    }
    for ours, theirs in pairs.items():
        assert ours(*numbers) == pytest.approx(theirs(*numbers), rel=1e-12), ours.__name__
    pinball = metrics.mean_pinball_loss(*numbers, alpha=0.3)
    assert measures.quantile_error(*numbers, level=0.3) == pytest.approx(pinball, rel=1e-12)


def test_huber_is_scipys(numbers):
    targets, values = numbers
    expected = huber(0.7, targets - values).mean()
    assert measures.huber_error(targets, values, delta=0.7) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [5.0, 6.0])
def test_constant_targets_are_treated_as_by_scikit_learn(value):
    targets, values = np.full((4, 1), 5.0), np.full((4, 1), value)
    assert measures.r2(targets, values) == metrics.r2_score(targets, values)
    assert measures.explained_variance(targets, values) == 1.0


def test_shares_and_biases_by_hand():
    targets, values = np.array([[0.0], [0.0], [1.0], [7.0]]), np.full((4, 1), 2.0)
    assert measures.bias(targets, values) == 0.0
    assert measures.share_below(targets, values) == 0.75
