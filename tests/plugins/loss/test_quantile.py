import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from pipeline.testing import check_stage
from plugins.loss.quantile import quantile


@pytest.mark.parametrize("level", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_its_mean_is_scikit_learns_pinball_loss(level):
    rng = np.random.default_rng(0)
    outputs, y = rng.standard_normal((50, 1)), rng.standard_normal(50)
    expected = mean_pinball_loss(y, outputs[:, 0], alpha=level)
    np.testing.assert_allclose(quantile(outputs, y, level=level).mean(), expected, rtol=1e-12)


def test_nets_of_one_cohort_learn_the_quantiles_of_skewed_numbers(predicted, skewed):
    levels = [0.1, 0.5, 0.9]
    found = predicted(skewed, "loss.quantile", *({"level": level} for level in levels))
    for level, values in zip(levels, found, strict=True):
        expected = np.exp(np.array([-0.5, 0.0, 0.5]) + 0.5 * norm.ppf(level))
        np.testing.assert_allclose(values, expected, rtol=0.1)


def test_the_stage_conforms():
    check_stage(quantile)
