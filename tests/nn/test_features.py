import numpy as np

from pipeline import nn, ops
from pipeline.stages.net import eager


def test_layer_norm_is_pytorchs(agrees_with_torch, case):
    figures = case("layer norm")
    agrees_with_torch(
        lambda net, x: nn.layer_norm(net, x, name="block"), figures, scale="scale", shift="shift"
    )


def test_embedding_is_pytorchs(agrees_with_torch, case):
    def block(net, x):
        return nn.embedding(net, np.array([0, 2, 1, 2]), 3, 2, name="block")

    agrees_with_torch(block, case("embedding"), table="weights")


def test_embedding_takes_whole_numbers_from_float_inputs():
    table = np.arange(6.0).reshape(3, 2)
    net = eager(parameters={"e.weights": table})
    looked_up = nn.embedding(net, np.array([[2.0, 0.0]]), 3, 2, name="e")
    np.testing.assert_array_equal(looked_up, table[[[2, 0]]])


def test_layer_norm_leaves_mean_zero_and_variance_one():
    x = 5 + 3 * np.random.default_rng(0).standard_normal((4, 50))
    y = nn.layer_norm(eager(), x, name="n")
    np.testing.assert_allclose(ops.mean(y, axis=-1), np.zeros(4), atol=1e-12)
    np.testing.assert_allclose(ops.var(y, axis=-1), np.ones(4), rtol=1e-5)
