import numpy as np
import pytest

from plugins.optimizer.adagrad import adagrad


@pytest.mark.parametrize("case", ["adagrad", "adagrad all"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(adagrad, case)


def test_first_step_is_the_rate_against_the_sign():
    stepped, _ = adagrad(np.zeros(2), np.array([7.0, -0.01]), None, 1, lr=0.1, eps=0.0)
    np.testing.assert_allclose(stepped, [-0.1, 0.1])


def test_steps_shrink_as_one_over_the_root_of_their_number():
    w, state, steps = np.zeros(1), None, []
    for t in range(1, 5):
        before = w
        w, state = adagrad(w, np.ones(1), state, t, lr=1.0, eps=0.0)
        steps.append(float(before[0] - w[0]))
    np.testing.assert_allclose(steps, 1 / np.sqrt([1, 2, 3, 4]))


def test_the_sum_begins_where_it_is_told():
    stepped, _ = adagrad(np.zeros(1), np.ones(1), None, 1, lr=1.0, initial=3.0, eps=0.0)
    np.testing.assert_allclose(stepped, [-0.5])


def test_the_rate_decays_from_the_second_step():
    _, state = adagrad(np.zeros(1), np.zeros(1), None, 1, lr_decay=1.0)
    stepped, _ = adagrad(np.zeros(1), np.ones(1), state, 2, lr=1.0, lr_decay=1.0, eps=0.0)
    np.testing.assert_allclose(stepped, [-0.5])
