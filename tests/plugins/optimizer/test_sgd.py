import numpy as np
import pytest

from plugins.optimizer.sgd import sgd


@pytest.mark.parametrize("case", ["sgd", "sgd momentum", "sgd nesterov"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(sgd, case)


def test_first_step_is_the_rate_times_the_gradient():
    stepped, _ = sgd(np.array([1.0, 2.0]), np.array([3.0, -4.0]), None, 1, lr=0.5)
    np.testing.assert_array_equal(stepped, [-0.5, 4.0])


def test_constant_gradient_reaches_the_terminal_velocity():
    w, state = np.zeros(1), None
    for t in range(1, 400):
        before = w
        w, state = sgd(w, np.ones(1), state, t, lr=0.1, momentum=0.9)
    np.testing.assert_allclose(before - w, 0.1 / (1 - 0.9))


def test_nesterov_looks_ahead_by_one_momentum():
    stepped, _ = sgd(np.zeros(1), np.ones(1), None, 1, lr=0.1, momentum=0.9, nesterov=True)
    np.testing.assert_allclose(stepped, [-0.1 * (1 + 0.9)])
