import numpy as np
import pytest

from plugins.optimizer.adam import adam
from plugins.optimizer.adamw import adamw


@pytest.mark.parametrize("case", ["adamw", "adamw decay", "adamw amsgrad"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(adamw, case)


def test_decay_shrinks_weights_that_have_no_gradient():
    stepped, _ = adamw(np.array([2.0, -4.0]), np.zeros(2), None, 1, lr=0.1, weight_decay=0.5)
    np.testing.assert_allclose(stepped, [2.0 * 0.95, -4.0 * 0.95])


def test_decay_leaves_the_moments_alone():
    w, g = np.array([2.0, -4.0]), np.array([0.3, 0.1])
    _, decayed = adamw(w, g, None, 1, weight_decay=0.5)
    _, plain = adam(w, g, None, 1)
    np.testing.assert_array_equal(decayed, plain)


def test_without_decay_it_is_adam():
    w, g = np.array([2.0, -4.0]), np.array([0.3, 0.1])
    stepped, _ = adamw(w, g, None, 1, lr=0.1, weight_decay=0.0)
    np.testing.assert_array_equal(stepped, adam(w, g, None, 1, lr=0.1)[0])
