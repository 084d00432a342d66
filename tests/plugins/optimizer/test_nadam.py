import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.optimizer.adam import adam
from plugins.optimizer.nadam import nadam


@pytest.mark.parametrize("case", ["nadam", "nadam all"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(nadam, case)


def test_first_step_looks_ahead_by_the_next_momentum():
    stepped, _ = nadam(np.zeros(2), np.array([1e-3, -1e3]), None, 1, lr=0.1, beta1=0.8, eps=0.0)
    now, after = (0.8 * (1 - 0.5 * 0.96 ** (k * 4e-3)) for k in (1, 2))
    ahead = 1 + after * 0.2 / (1 - now * after)  # the gradient, and what the next step will carry of it
    np.testing.assert_allclose(stepped, [-0.1 * ahead, 0.1 * ahead])


def test_without_momentum_it_is_adam_without():
    w, g = np.array([2.0, -4.0]), np.array([0.3, 0.1])
    np.testing.assert_allclose(
        nadam(w, g, None, 1, lr=0.1, beta1=0.0)[0], adam(w, g, None, 1, lr=0.1, beta1=0.0)[0]
    )


def test_the_stage_conforms():
    check_stage(nadam)
