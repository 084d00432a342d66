from functools import partial

import numpy as np

from plugins.regularizer.l1 import l1


def test_the_penalty_is_the_sum_of_absolute_weights(acted):
    result = acted(partial(l1, strength=0.25))
    np.testing.assert_allclose(result.total - result.loss, 0.25 * np.abs(result.out_weights).sum())


def test_every_weight_is_pulled_to_zero_alike_and_no_bias(acted):
    plain, pulled = acted(), acted(partial(l1, strength=0.25))
    np.testing.assert_allclose(
        pulled.dout_weights - plain.dout_weights, 0.25 * np.sign(plain.out_weights), rtol=1e-9
    )
    np.testing.assert_array_equal(pulled.dout_bias, plain.dout_bias)
