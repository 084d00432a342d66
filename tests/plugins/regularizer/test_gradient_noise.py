from functools import partial

import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.regularizer.gradient_noise import gradient_noise


@pytest.mark.parametrize(("step", "deviation"), [(1, 0.5), (16, 0.5 * 16**-0.3)])
def test_the_variance_is_eta_and_dies_away_with_the_steps(acted, step, deviation):
    plain, noisy = (
        acted(*acts, features=500, t=float(step))
        for acts in ([], [partial(gradient_noise, eta=0.25, gamma=0.6)])
    )
    added = noisy.dout_weights - plain.dout_weights
    assert added.std() == pytest.approx(deviation, rel=0.05)
    assert added.mean() == pytest.approx(0.0, abs=4 * deviation / added.size**0.5)


def test_every_parameter_has_noise_of_its_own_and_the_loss_none(acted):
    plain, noisy = acted(), acted(partial(gradient_noise, eta=1.0))
    np.testing.assert_array_equal(noisy.total, plain.total)
    added = [noisy.dout_bias - plain.dout_bias, (noisy.dout_weights - plain.dout_weights)[0]]
    assert np.abs(added[0] - added[1]).min() > 1e-6


def test_eta_zero_changes_nothing(acted):
    np.testing.assert_array_equal(acted(partial(gradient_noise, eta=0.0)).dout_weights, acted().dout_weights)


def test_it_conforms():
    check_stage(gradient_noise)
