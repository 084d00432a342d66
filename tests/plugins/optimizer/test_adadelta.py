import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.optimizer.adadelta import adadelta


@pytest.mark.parametrize("case", ["adadelta", "adadelta all"])
def test_weights_stay_pytorchs_over_50_steps(follows_torch, case):
    follows_torch(adadelta, case)


def test_first_step_does_not_depend_on_the_gradients_scale():
    stepped, _ = adadelta(np.zeros(2), np.array([1e3, -1e5]), None, 1, lr=2.0, decay=0.75, eps=1e-6)
    np.testing.assert_allclose(stepped, [-2.0 * np.sqrt(1e-6 / 0.25), 2.0 * np.sqrt(1e-6 / 0.25)], rtol=1e-6)


def test_a_loss_in_another_unit_takes_the_same_path():
    paths = []
    for scale in (1e3, 1e6):
        w, state = np.array([2.0, -1.0]), None
        for t in range(1, 30):
            w, state = adadelta(w, scale * w, state, t)
        paths.append(w)
    np.testing.assert_allclose(*paths, rtol=1e-6)


def test_the_stage_conforms():
    check_stage(adadelta)
