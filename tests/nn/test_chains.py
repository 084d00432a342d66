import numpy as np

from pipeline import nn, ops
from pipeline.stages.net import eager

X = np.random.default_rng(0).normal(size=(4, 3))


def test_layers_are_affine_with_the_activation_between_them():
    net = eager(seed=1)
    apply, weights = nn.chain(net, (3, 5, 2), name="code", activation="tanh")
    assert {name: p.shape for name, p in net.declared.items()} == {
        "code0.weights": (3, 5),
        "code1.weights": (5, 2),
        "code0.bias": (5,),
        "code1.bias": (2,),
    }
    np.testing.assert_allclose(apply(X), np.tanh(X @ weights[0]) @ weights[1], rtol=1e-12)


def test_it_may_be_applied_again_with_the_same_parameters():
    apply, _ = nn.chain(eager(), (3, 2), name="code")
    np.testing.assert_array_equal(apply(X)[:2], apply(X[:2]))


def test_weights_of_another_chain_tie_the_two():
    net = eager(seed=1)
    _, weights = nn.chain(net, (3, 5), name="in")
    back, _ = nn.chain(net, (5, 3), name="out", weights=[ops.transpose(weights[0])])
    np.testing.assert_array_equal(back(np.eye(5)), weights[0].T)
    assert "out0.weights" not in net.declared
    assert not net.declared["out0.bias"].weight
