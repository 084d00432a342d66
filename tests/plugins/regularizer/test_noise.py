from functools import partial

import numpy as np
import pytest

from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.regularizer.noise import noise


@pytest.mark.parametrize("on", ["inputs", "hidden"])
def test_units_get_noise_of_the_deviation_asked_for(acted, on):
    result = acted(partial(noise, std=0.3, on=on), rows=60, features=50)
    added = result.seen - result.x
    assert added.std() == pytest.approx(0.3, rel=0.05)
    assert added.mean() == pytest.approx(0.0, abs=0.02)
    assert np.unique(added.round(9)).size == added.size


def test_multiplied_noise_grows_with_the_unit_and_keeps_its_mean(acted):
    result = acted(partial(noise, std=0.3, multiplicative=True), rows=60, features=50)
    factors = result.seen / result.x
    assert factors.std() == pytest.approx(0.3, rel=0.05)
    assert factors.mean() == pytest.approx(1.0, abs=0.02)


def test_weights_are_moved_in_the_forward_pass_alone(acted):
    """Inputs of 1 in one place show a weight's noise in the outputs."""
    result = acted(partial(noise, std=0.3, on="weights"), features=300)
    np.testing.assert_array_equal(result.after_out_weights, result.out_weights)
    residual = result.outputs - result.x @ result.out_weights - result.out_bias
    # Σ x·noise over 300 inputs has the deviation 0.3·|x|
    assert np.abs(residual / (0.3 * np.linalg.norm(result.x, axis=1, keepdims=True))).mean() == pytest.approx(
        np.sqrt(2 / np.pi), rel=0.5
    )


def test_targets_that_are_numbers_get_noise(acted):
    plain, noisy = acted(rows=400), acted(partial(noise, std=0.5, on="targets"), rows=400)
    # the gradient to the biases is -2 times the residuals' mean, so its noise is that of the targets
    assert not np.allclose(plain.dout_bias, noisy.dout_bias, atol=1e-3)
    np.testing.assert_allclose(plain.dout_bias, noisy.dout_bias, atol=8 * 0.5 / np.sqrt(400))
    # the loss grows by the sum of the three columns' variances
    assert noisy.loss - plain.loss == pytest.approx(3 * 0.25, abs=1.0)


def test_targets_that_are_classes_are_refused(make_objective):
    objective = make_objective(2, 2, classes=3)
    with pytest.raises(OptionError, match="label_smoothing"):
        noise(objective, on="targets")


def test_no_noise_changes_nothing(acted):
    np.testing.assert_array_equal(acted(partial(noise, std=0.0)).total, acted().total)


@pytest.mark.parametrize("on", ["inputs", "hidden", "weights", "targets"])
def test_it_conforms(on):
    check_stage(noise, options={"on": on})
