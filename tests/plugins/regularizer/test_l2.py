from functools import partial

import numpy as np

from plugins.regularizer.l2 import l2


def test_the_penalty_is_half_the_sum_of_squared_weights(acted):
    result = acted(partial(l2, strength=0.25))
    np.testing.assert_allclose(result.total - result.loss, 0.125 * np.square(result.out_weights).sum())


def test_the_gradient_is_weight_decay_and_spares_biases(acted):
    plain, decayed = acted(), acted(partial(l2, strength=0.25))
    np.testing.assert_allclose(decayed.dout_weights - plain.dout_weights, 0.25 * plain.out_weights, rtol=1e-9)
    np.testing.assert_array_equal(decayed.dout_bias, plain.dout_bias)
