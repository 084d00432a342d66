import numpy as np
import pytest

from plugins.optimizer.rmsprop import rmsprop


@pytest.mark.parametrize("case", ["rmsprop", "rmsprop all"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(rmsprop, case)


def test_first_step_is_the_rate_over_the_root_of_what_is_not_kept():
    stepped, _ = rmsprop(np.zeros(2), np.array([7.0, -0.01]), None, 1, lr=0.1, decay=0.75, eps=0.0)
    np.testing.assert_allclose(stepped, [-0.1 / 0.5, 0.1 / 0.5])


def test_momentum_adds_up_steps():
    w, state = np.zeros(1), None
    for t in (1, 2):
        w, state = rmsprop(w, np.ones(1), state, t, lr=0.1, decay=0.0, momentum=0.5, eps=0.0)
    np.testing.assert_allclose(w, [-0.1 - 0.15])


def test_a_variance_that_rounds_below_zero_counts_as_zero():
    g = np.linspace(0.1, 3.0, 50)
    w, state = np.zeros(50), None
    for t in range(1, 300):
        w, state = rmsprop(w, g, state, t, decay=0.5, centered=True, eps=1e-3)
    square, mean, _ = state
    assert (square < mean * mean).any(), "a constant gradient no longer rounds to a negative variance"
    assert np.isfinite(w).all()


def test_weight_decay_adds_to_the_gradient():
    w, g = np.array([2.0, -4.0]), np.array([0.3, 0.1])
    decayed, _ = rmsprop(w, g, None, 1, weight_decay=0.5)
    np.testing.assert_array_equal(decayed, rmsprop(w, g + 0.5 * w, None, 1)[0])
