import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline import DataError, measures
from plugins.loss.softmax import softmax

SHARES = st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda shares: sum(shares) > 1e-3)
LOGITS = st.lists(st.floats(-30.0, 30.0), min_size=4, max_size=4)


def distribution(shares):
    return np.array(shares) / np.sum(shares)


def likelihoods(logits):
    powers = np.exp(np.array(logits) - max(logits))
    return powers / powers.sum()


@given(SHARES, LOGITS)
def test_cross_entropy_is_entropy_and_divergence(shares, logits):
    p, q = distribution(shares), likelihoods(logits)
    together = measures.entropy(p) + measures.kl_divergence(p, q)
    np.testing.assert_allclose(measures.cross_entropy(p, q), together, rtol=1e-9, atol=1e-12)


@given(SHARES, LOGITS)
def test_the_loss_of_a_softmax_model_is_entropy_and_divergence(shares, logits):
    p, q = distribution(shares), likelihoods(logits)
    together = measures.entropy(p) + measures.kl_divergence(p, q)
    loss = softmax(np.array([logits]), p[None])[0]
    np.testing.assert_allclose(loss, together, rtol=1e-9, atol=1e-12)


@given(SHARES, SHARES)
def test_divergence_is_never_negative_and_scipys(shares, others):
    p, q = distribution(shares), distribution(others) + 1e-9
    q /= q.sum()
    found = measures.kl_divergence(p, q)
    assert found >= 0
    np.testing.assert_allclose(found, stats.entropy(p, q), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(measures.entropy(p), stats.entropy(p), rtol=1e-9, atol=1e-12)


def test_divergence_of_equal_distributions_is_zero_and_of_impossible_ones_infinite():
    p = np.array([[0.3, 0.7], [0.5, 0.5]])
    np.testing.assert_array_equal(measures.kl_divergence(p, p), [0.0, 0.0])
    assert measures.kl_divergence([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert measures.kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(np.log(2))


def test_the_likeliest_distribution_of_counts_is_the_one_of_least_divergence():
    counts = np.array([5, 3, 2])
    rows = np.repeat(np.arange(3), counts)
    candidates = np.random.default_rng(0).dirichlet([5, 3, 2], 500)
    likelihood = np.log(candidates[:, rows]).sum(axis=1)
    divergence = measures.kl_divergence(np.broadcast_to(counts / 10, candidates.shape), candidates)
    np.testing.assert_allclose(likelihood, -10 * (divergence + measures.entropy(counts / 10)), rtol=1e-9)


@pytest.mark.parametrize("wrong", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], 1.0])
def test_what_is_no_distribution_is_refused(wrong):
    with pytest.raises(DataError, match="probabilities"):
        measures.entropy(wrong)
