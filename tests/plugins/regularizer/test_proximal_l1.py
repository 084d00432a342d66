from functools import partial

import numpy as np

from pipeline.testing import check_stage
from plugins.regularizer.proximal_l1 import proximal_l1


def test_weights_move_towards_zero_and_stop_there(acted):
    result = acted(partial(proximal_l1, strength=2.0), lr=0.25)
    w = result.out_weights
    expected = np.sign(w) * np.maximum(np.abs(w) - 0.5, 0.0)
    np.testing.assert_allclose(result.after_out_weights, expected, rtol=1e-12)
    assert 0 < (result.after_out_weights == 0).sum() < w.size
    np.testing.assert_array_equal(result.after_out_bias, result.out_bias)


def test_strength_zero_changes_nothing(acted):
    result = acted(partial(proximal_l1, strength=0.0))
    np.testing.assert_array_equal(result.after_out_weights, result.out_weights)


def test_it_conforms():
    check_stage(proximal_l1)
