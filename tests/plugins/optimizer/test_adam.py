import numpy as np
import pytest

from plugins.optimizer.adam import adam


@pytest.mark.parametrize("case", ["adam", "adam betas", "adam amsgrad"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(adam, case)


def test_first_step_is_the_rate_against_the_sign():
    stepped, _ = adam(np.zeros(3), np.array([1e-3, -1.0, 1e3]), None, 1, lr=0.1, eps=0.0)
    np.testing.assert_allclose(stepped, [-0.1, 0.1, -0.1])


def test_steps_do_not_depend_on_the_gradients_scale():
    paths = []
    for scale in (1.0, 1e4):
        w, state = np.zeros(2), None
        for t, g in enumerate(np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 1.0]]), start=1):
            w, state = adam(w, scale * g, state, t, lr=0.1, eps=0.0)
        paths.append(w)
    np.testing.assert_allclose(*paths)


def test_without_betas_it_is_sign_descent():
    w, state = adam(np.zeros(2), np.array([5.0, -3.0]), None, 1, lr=0.1, beta1=0.0, beta2=0.0, eps=0.0)
    w, _ = adam(w, np.array([-2.0, -3.0]), state, 2, lr=0.1, beta1=0.0, beta2=0.0, eps=0.0)
    np.testing.assert_allclose(w, [0.0, 0.2])


def test_amsgrad_never_forgets_a_large_gradient():
    rates = {}
    for amsgrad in (False, True):
        state = None
        for t, g in enumerate([1.0, 10.0, *[0.01] * 40], start=1):
            w, state = adam(np.zeros(1), np.array([g]), state, t, beta1=0.0, beta2=0.5, amsgrad=amsgrad)
        rates[amsgrad] = -w[0] / g
    assert rates[True] < 2e-4 < 0.05 < rates[False]
