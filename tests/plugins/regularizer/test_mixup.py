import numpy as np
import pytest
from scipy import stats

from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.regularizer.mixup import _beta, mixup


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 3.0])
def test_shares_are_drawn_from_the_beta_distribution(alpha):
    class Named(EagerRandom):
        def uniform(self, shape, name=""):
            return super().uniform(shape)

    shares = _beta(Named(0), (20_000,), alpha)
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_shares_are_numbers_in_float32_however_small_alpha_is():
    class Named(EagerRandom):
        def uniform(self, shape, name=""):
            return super().uniform(shape)

    shares = _beta(Named(0, dtype="float32"), (20_000,), 1e-3)
    assert np.isfinite(shares).all()
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_inputs_and_targets_are_mixed_alike(changed_examples):
    inputs, targets = np.eye(5), np.arange(5)
    x, y = changed_examples(mixup, inputs, targets, classes=5, alpha=1.0)
    np.testing.assert_allclose(x, y, rtol=1e-12)
    np.testing.assert_allclose(x.sum(axis=1), 1.0)
    shares = np.diag(x)
    np.testing.assert_allclose(x, shares[:, None] * inputs + (1 - shares[:, None]) * np.roll(inputs, -1, 0))
    assert np.unique(shares.round(9)).size == 5


def test_images_are_mixed_as_wholes(changed_examples):
    inputs = np.repeat(np.arange(4.0), 9).reshape(4, 3, 3)
    x, y = changed_examples(mixup, inputs, np.arange(4.0)[:, None], alpha=1.0)
    np.testing.assert_allclose(x, np.broadcast_to(x[:, :1, :1], x.shape))
    np.testing.assert_allclose(x[:, 0, 0], y[:, 0])


def test_it_conforms():
    check_stage(mixup)
