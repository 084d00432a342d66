from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.preprocessing import scale

from benchmarks.catalogue.whole_steps import descended
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


@pytest.mark.parametrize("strength", [0.05, 0.5])
def test_descent_on_all_rows_ends_at_scikit_learns_lasso_with_the_same_zeros(strength):
    rng = np.random.default_rng(0)
    x = scale(rng.standard_normal((60, 8)))
    targets = x @ [2.0, -1.0, 0.3, 0.0, 0.0, 0.0, 0.1, 0.0] + 0.2 * rng.standard_normal(60) + 5
    penalty = ("regularizer.proximal_l1", {"strength": strength})
    found = descended(x, targets, ("model.linear", {}), 150, 0.5, penalty)["out.weights"][:, 0]
    expected = Lasso(alpha=strength, tol=1e-13).fit(x, targets).coef_
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert 0 < (found == 0).sum() < len(found)
