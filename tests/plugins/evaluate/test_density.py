import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.evaluate.density import density

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(-3, 1, (60, 2)), RNG.normal(2, 0.5, (60, 2))])
DATA = DataSet(X, X, splits={"train": range(0, 120, 2), "test": range(1, 120, 2)})
BITS = (RNG.random((40, 3)) < [0.2, 0.5, 0.9]).astype(float)
BITS[:, 0] = 0
COINS = DataSet(BITS, BITS, splits={"train": range(30), "test": range(30, 40)})


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Let scikit-learn use one thread, as stages do in a run: threads that wait for each other burn time."""
    with threadpool_limits(1):
        yield


class Flat:
    """Finds each row as likely as its first feature says."""

    def prepared(self, data, split):
        return data.split(split)[0]

    def head(self, name, inputs):
        return inputs[:, :1]


def test_the_log_likelihood_is_the_heads_mean():
    assert density(Flat(), DATA) == {"log_likelihood": pytest.approx(X[1::2, 0].mean())}


def test_scikit_learns_mixture_of_the_train_rows_stands_beside_it():
    best = GaussianMixture(2, n_init=10, random_state=0, reg_covar=0.1).fit(X[::2]).score(X[1::2])
    measured = density(Flat(), DATA, against=("mixture",), components=2, ridge=0.1)
    assert measured["mixture"] == pytest.approx(best)


def test_independent_coins_have_the_train_rows_shares_by_laplaces_rule():
    p = (BITS[:30].sum(axis=0) + 1) / 32
    expected = np.log(np.where(BITS[30:] == 1, p, 1 - p)).sum(axis=1).mean()
    assert density(Flat(), COINS, against=("independent",))["independent"] == pytest.approx(expected)


def test_coins_have_two_sides():
    with pytest.raises(DataError, match=r"for inputs of 0 and 1\n    put transform\.binarize"):
        density(Flat(), DATA, against=("independent",))


def test_it_conforms():
    check_stage(density)
    check_stage(density, options={"against": ["mixture"], "components": 2})
