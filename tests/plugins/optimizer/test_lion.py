import numpy as np

from pipeline.testing import check_stage
from plugins.optimizer.lion import lion


def test_first_step_is_the_rate_against_the_sign_whatever_the_gradient():
    stepped, _ = lion(np.zeros(3), np.array([1e-9, -1.0, 1e9]), None, 1, lr=0.1)
    np.testing.assert_array_equal(stepped, [-0.1, 0.1, -0.1])


def test_weights_follow_the_papers_algorithm_over_50_steps():
    w, state = np.array([1.0, -2.0, 0.5, 0.0]), None
    theta, m = w.copy(), np.zeros(4)
    for t in range(1, 51):
        w, state = lion(w, w + np.sin(3 * w) + 0.25, state, t, lr=0.02, weight_decay=0.1)
        g = theta + np.sin(3 * theta) + 0.25
        c = 0.9 * m + (1 - 0.9) * g
        theta = theta - 0.02 * (np.sign(c) + 0.1 * theta)
        m = 0.99 * m + (1 - 0.99) * g
    np.testing.assert_allclose(w, theta, rtol=1e-12)


def test_the_momentum_outvotes_one_gradient_against_it():
    w, state = np.zeros(1), None
    for t, g in enumerate([1.0] * 30 + [-1.0], start=1):
        before = w
        w, state = lion(w, np.array([g]), state, t, lr=0.1)
    np.testing.assert_allclose(w - before, [-0.1])


def test_decay_shrinks_weights_that_have_no_gradient():
    stepped, _ = lion(np.array([2.0, -4.0]), np.zeros(2), None, 1, lr=0.1, weight_decay=0.5)
    np.testing.assert_allclose(stepped, [2.0 * 0.95, -4.0 * 0.95])


def test_the_stage_conforms():
    check_stage(lion)
