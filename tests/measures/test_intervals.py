import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from pipeline import DataError, measures


@pytest.mark.parametrize(("right", "rows"), [(0, 5), (5, 5), (1, 20), (480, 500)])
def test_wilsons_interval_is_scipys(right, rows):
    expected = binomtest(right, rows).proportion_ci(0.9, method="wilson")
    np.testing.assert_allclose(measures.wilson(right, rows, level=0.9), expected, rtol=1e-9, atol=1e-12)


def test_the_bootstraps_interval_is_scipys_but_for_the_draws():
    x = np.random.default_rng(0).exponential(size=200)
    found = measures.bootstrap(np.mean, x, resamples=4000)
    options = {"method": "percentile", "n_resamples": 4000, "rng": np.random.default_rng(1)}
    expected = bootstrap((x,), np.mean, **options).confidence_interval
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_rows_stay_together_and_the_seed_decides():
    x = np.arange(30.0)
    assert measures.bootstrap(lambda a, b: float((a - b).sum()), x, x, resamples=50) == (0.0, 0.0)
    first, again, other = (measures.bootstrap(np.mean, x, seed=seed, resamples=50) for seed in (1, 1, 2))
    assert first == again != other


def test_draws_where_a_measure_is_undefined_are_left_out():
    x = np.array([0.0, 1.0, 2.0])

    def mean(a):
        return None if len(set(a)) < 3 else float(a.mean())

    assert measures.bootstrap(mean, x) == (1.0, 1.0)
    with pytest.raises(DataError, match="undefined in every resample"):
        measures.bootstrap(lambda a: None, x)
