import numpy as np

from pipeline import DataSet
from pipeline.testing import check_stage
from plugins.loss.poisson import poisson


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["poisson"]
    value, slopes = traced(lambda x: poisson(x, case["y"]), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-9)


def test_a_net_learns_expected_counts_and_predicts_them_not_their_logarithms(predicted):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (3000, 1))
    counts = rng.poisson(np.exp(1 + x[:, 0])).astype(float)
    found = predicted(DataSet(x, counts, "regression"), "loss.poisson", epochs=20)
    np.testing.assert_allclose(found, np.exp([0.5, 1.0, 1.5]), rtol=0.06)


def test_the_stage_conforms():
    check_stage(poisson)
