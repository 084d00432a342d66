import numpy as np

from pipeline.testing import check_stage
from plugins.loss.laplace import laplace


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["laplace"]
    value, slopes = traced(lambda x: laplace(x, case["y"]), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_a_net_learns_the_median_of_skewed_numbers(predicted, skewed):
    np.testing.assert_allclose(predicted(skewed, "loss.laplace"), np.exp([-0.5, 0.0, 0.5]), rtol=0.05)


def test_the_stage_conforms():
    check_stage(laplace)
