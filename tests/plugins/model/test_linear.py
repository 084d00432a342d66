import numpy as np

from pipeline.stages.net import eager
from plugins.model.linear import linear

X = np.random.default_rng(0).standard_normal((4, 2, 3))


def test_outputs_are_one_affine_map_of_all_features():
    w, b = np.arange(12.0).reshape(6, 2), np.array([1.0, -1.0])
    net = eager(parameters={"out.weights": w, "out.bias": b})
    np.testing.assert_allclose(linear(X, net, outputs=2), X.reshape(4, 6) @ w + b)


def test_weights_start_at_zero():
    np.testing.assert_array_equal(linear(X, eager(), outputs=2), np.zeros((4, 2)))


def test_without_a_bias_there_is_one_parameter():
    net = eager()
    linear(X, net, outputs=2, bias=False)
    assert list(net.declared) == ["out.weights"]
