import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.testing import check_stage
from plugins.loss.heteroscedastic import heteroscedastic, means


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["heteroscedastic"]
    value, slopes = traced(lambda x: heteroscedastic(x, case["y"], floor=0.0), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_predictions_are_the_means():
    np.testing.assert_array_equal(means(np.array([[1.0, 2.0, 8.0, 9.0]])), [[1.0, 2.0]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_variance_that_vanishes_stays_at_its_floor(traced, dtype):
    outputs = np.array([[0.0, -1e4]], dtype)
    value, slopes = traced(lambda x: 1e-6 * heteroscedastic(x, np.ones(1)), dtype=dtype, x=outputs)
    assert np.isfinite(value).all()
    assert np.isfinite(slopes["x"]).all()


def test_a_net_learns_the_mean_of_skewed_numbers(predicted, skewed):
    found = predicted(skewed, "loss.heteroscedastic")
    np.testing.assert_allclose(found, np.exp(np.array([-0.5, 0.0, 0.5]) + 1 / 8), rtol=0.06)


def test_outputs_for_one_column_do_not_serve_two():
    with pytest.raises(ShapeError, match=r"targets \(4, 2\) do not fit outputs \(4, 2\).*for 1 columns"):
        heteroscedastic(np.zeros((4, 2)), np.zeros((4, 2)))


def test_the_stage_conforms():
    check_stage(heteroscedastic)
