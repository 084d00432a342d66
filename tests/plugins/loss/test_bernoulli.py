import numpy as np
import pytest

from pipeline import ShapeError
from plugins.loss.bernoulli import bernoulli


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["bernoulli"]
    value, slopes = traced(lambda x: bernoulli(x, case["y"]), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_even_odds_cost_one_bit():
    np.testing.assert_allclose(bernoulli(np.zeros((2, 1)), np.array([0, 1])), np.log([2, 2]))


def test_class_numbers_among_several_outputs_are_one_against_the_rest():
    logits = np.array([[1.0, -2.0, 0.5]])
    np.testing.assert_allclose(
        bernoulli(logits, np.array([2])), bernoulli(logits, np.array([[0.0, 0.0, 1.0]]))
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_logits_have_finite_losses_and_gradients(traced, dtype):
    logits = np.array([[1e4], [1e4], [-1e4], [-1e4]], dtype)
    value, slopes = traced(lambda x: bernoulli(x, np.array([0, 1, 0, 1])), dtype=dtype, x=logits)
    np.testing.assert_array_equal(value, [1e4, 0.0, 0.0, 1e4])
    assert np.isfinite(slopes["x"]).all()


def test_small_losses_of_sure_and_right_outputs_are_exact():
    np.testing.assert_allclose(bernoulli(np.array([[40.0]]), np.array([1])), np.exp([-40.0]), rtol=1e-12)


def test_targets_that_do_not_fit_are_named_with_both_shapes():
    with pytest.raises(ShapeError, match=r"targets \(4, 2\) do not fit outputs \(4, 3\)"):
        bernoulli(np.zeros((4, 3)), np.zeros((4, 2)))
