import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.testing import check_stage
from plugins.loss.policy import policy


def test_the_gradient_is_the_advantage_times_that_of_the_log_probability(traced):
    z = np.random.default_rng(0).normal(size=(3, 4))
    targets = np.zeros((3, 4))
    targets[[0, 1, 2], [1, 3, 0]] = [2.0, -1.0, 0.5]
    losses, slopes = traced(policy, outputs=z, targets=targets)
    share = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(losses, -(targets * np.log(share)).sum(axis=1), rtol=1e-12)
    # d/dz of -A log π(a) is A (π - one_hot(a)); the fixture's seed is cos(loss)
    by_hand = targets.sum(axis=1, keepdims=True) * share - targets
    np.testing.assert_allclose(slopes["outputs"], np.cos(losses)[:, None] * by_hand, rtol=1e-12)


def test_targets_have_a_column_for_each_action():
    with pytest.raises(ShapeError, match="one column an action"):
        policy(np.zeros((2, 3)), np.zeros((2, 2)))


def test_it_conforms():
    check_stage(policy, "loss")
