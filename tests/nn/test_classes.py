"""Distributions over classes, against SciPy."""

import numpy as np
import pytest
from scipy.special import log_expit, log_softmax, rel_entr, softmax
from scipy.stats import entropy as entropy_of

from pipeline import DataError, nn

RNG = np.random.default_rng(0)
P, Q = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))


def test_logits_become_log_probabilities():
    np.testing.assert_allclose(nn.log_probabilities(P, 4), log_softmax(P, axis=1))


def test_of_two_classes_one_logit_tells_the_second():
    z = RNG.normal(size=(6, 1)) * 30
    expected = np.concatenate([log_expit(-z), log_expit(z)], axis=1)
    np.testing.assert_allclose(nn.log_probabilities(z, 2), expected, rtol=1e-12)


def test_numbers_have_no_probabilities():
    with pytest.raises(DataError, match="the targets are numbers"):
        nn.log_probabilities(P, 0)


def test_entropy_and_divergence_of_each_row():
    log_p, log_q = log_softmax(P, axis=1), log_softmax(Q, axis=1)
    np.testing.assert_allclose(nn.entropy(log_p), entropy_of(softmax(P, axis=1), axis=1))
    expected = rel_entr(softmax(P, axis=1), softmax(Q, axis=1)).sum(axis=1)
    np.testing.assert_allclose(nn.divergence(log_p, log_q), expected)
    np.testing.assert_allclose(nn.divergence(log_p, log_p), 0, atol=1e-15)


def test_gradients_are_those_of_differences(traced):
    def f(x, y):
        return nn.divergence(nn.log_probabilities(x, 4), nn.log_probabilities(y, 4))

    value, slopes = traced(f, x=P, y=Q)
    for name, point in (("x", P), ("y", Q)):
        step = 1e-6 * RNG.normal(size=point.shape)
        ends = [{"x": P, "y": Q, name: point + sign * step} for sign in (1, -1)]
        ahead, behind = (np.sin(f(**end)).sum() for end in ends)
        assert np.sum(slopes[name] * step) == pytest.approx((ahead - behind) / 2, rel=1e-5)
    assert value.shape == (5,)
