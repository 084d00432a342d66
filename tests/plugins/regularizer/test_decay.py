from functools import partial

import numpy as np
import pytest

from benchmarks.catalogue.rows.r1 import shrinking
from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.regularizer.decay import decay


def test_weights_shrink_by_lr_times_strength_exactly_and_biases_stay(acted):
    result = acted(partial(decay, strength=0.25), lr=0.5)
    np.testing.assert_array_equal(result.before_out_weights, 0.875 * result.out_weights)
    np.testing.assert_array_equal(result.before_out_bias, result.out_bias)


def test_the_gradient_does_not_know_of_it(acted):
    plain, decayed = acted(), acted(partial(decay, strength=0.25))
    np.testing.assert_array_equal(decayed.total, plain.total)
    np.testing.assert_array_equal(decayed.dout_weights, plain.dout_weights)


def test_a_pattern_that_fits_no_weight_is_refused_with_those_there_are(acted):
    with pytest.raises(OptionError, match=r"'ou.weights', which fits no weight(.|\n)*allowed: out\.weights"):
        acted(partial(decay, only="ou.weights"))


def test_it_conforms():
    check_stage(decay)


def test_weights_without_a_gradient_shrink_by_the_same_factor_at_each_step_of_training():
    assert shrinking() < 1e-14
