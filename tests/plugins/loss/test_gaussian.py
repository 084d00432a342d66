import numpy as np
import pytest

from pipeline import ShapeError
from plugins.loss.gaussian import gaussian


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["gaussian"]
    value, slopes = traced(lambda x: gaussian(x, case["y"]), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_loss_is_half_the_square_of_the_miss():
    np.testing.assert_array_equal(gaussian(np.array([[3.0], [0.0]]), np.array([1.0, 1.0])), [2.0, 0.5])


def test_columns_add_up():
    np.testing.assert_array_equal(gaussian(np.array([[3.0, 1.0]]), np.array([[1.0, 2.0]])), [2.5])


def test_one_target_a_row_does_not_serve_several_outputs():
    with pytest.raises(ShapeError, match=r"targets \(4, 1\) do not fit outputs \(4, 3\)"):
        gaussian(np.zeros((4, 3)), np.zeros(4))


def test_a_net_learns_the_mean_of_skewed_numbers(predicted, skewed):
    found = predicted(skewed, "loss.gaussian")
    np.testing.assert_allclose(found, np.exp(np.array([-0.5, 0.0, 0.5]) + 1 / 8), rtol=0.06)
