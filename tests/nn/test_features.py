import numpy as np

from pipeline import nn
from pipeline.stages.net import eager


def test_embedding_is_pytorchs(agrees_with_torch, case):
    def block(net, x):
        return nn.embedding(net, np.array([0, 2, 1, 2]), 3, 2, name="block")

    agrees_with_torch(block, case("embedding"), table="weights")


def test_embedding_takes_whole_numbers_from_float_inputs():
    table = np.arange(6.0).reshape(3, 2)
    net = eager(parameters={"e.weights": table})
    looked_up = nn.embedding(net, np.array([[2.0, 0.0]]), 3, 2, name="e")
    np.testing.assert_array_equal(looked_up, table[[[2, 0]]])
