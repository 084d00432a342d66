import numpy as np
import pytest

from pipeline import ShapeError
from plugins.loss.softmax import softmax

LABELS = np.array([0, 2, 1, 2])


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["softmax"]
    value, slopes = traced(lambda x: softmax(x, LABELS), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_even_outputs_cost_the_log_of_the_number_of_classes():
    np.testing.assert_allclose(softmax(np.zeros((2, 5)), np.array([0, 4])), np.log([5, 5]))


def test_probabilities_serve_as_targets():
    logits = np.array([[1.0, -2.0, 0.5]])
    mixed = softmax(logits, np.array([[0.25, 0.0, 0.75]]))
    np.testing.assert_allclose(
        mixed, 0.25 * softmax(logits, np.array([0])) + 0.75 * softmax(logits, np.array([2]))
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_logits_have_finite_losses_and_gradients(traced, dtype):
    logits = np.array([[1e4, -1e4, 0.0]] * 2, dtype)
    value, slopes = traced(lambda x: softmax(x, np.array([0, 1])), dtype=dtype, x=logits)
    np.testing.assert_array_equal(value, [0.0, 2e4])
    assert np.isfinite(slopes["x"]).all()


def test_targets_that_do_not_fit_are_named_with_both_shapes():
    with pytest.raises(ShapeError, match=r"targets \(4, 2\) do not fit outputs \(4, 3\)"):
        softmax(np.zeros((4, 3)), np.zeros((4, 2)))
