import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.autoencoder import autoencoder

X = np.random.default_rng(0).standard_normal((4, 2, 3))
TIED = {"hidden": (5,), "code": 2, "tied": True, "activation": "tanh", "outputs": 6}


def declared(**options):
    net = eager(seed=1)
    autoencoder(X, net, **options)
    return net


def drawn(net):
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=parameter.shape) for name, parameter in net.declared.items()}


def by_autograd(x, p):
    h = anp.tanh(x.reshape((4, 6)) @ p["encode0.weights"] + p["encode0.bias"])
    code = h @ p["encode1.weights"] + p["encode1.bias"]
    h = anp.tanh(code @ p["encode1.weights"].T + p["decode0.bias"])
    return h @ p["encode0.weights"].T + p["decode1.bias"]


def test_tied_values_and_gradients_are_autograds(slopes_of):
    parameters = drawn(declared(**TIED))
    value, slopes = slopes_of(autoencoder, X, parameters, **TIED)
    np.testing.assert_allclose(value, by_autograd(X, parameters), rtol=1e-9)
    by_x, by_p = autograd.grad(lambda both: anp.sum(anp.sin(by_autograd(*both))))((X, parameters))
    for name, expected in {"x": by_x, **by_p}.items():
        np.testing.assert_allclose(slopes[name], expected, rtol=1e-9, atol=1e-12)


def test_tying_halves_the_weights():
    tied = [name for name, parameter in declared(**TIED).declared.items() if parameter.weight]
    assert tied == ["encode0.weights", "encode1.weights"]
    free = declared(**{**TIED, "tied": False})
    assert free.declared["decode1.weights"].shape == (5, 6)


def test_the_code_is_a_head_and_hidden_activations():
    net = declared(hidden=(5,), code=2, outputs=6)
    assert net.heads["code"].shape == (4, 2)
    assert net.activations["code"] is net.heads["code"]


def test_no_hidden_layers_make_it_linear():
    net = declared(hidden=(), code=2, outputs=6)
    assert [name for name, parameter in net.declared.items() if parameter.weight] == [
        "encode0.weights",
        "decode0.weights",
    ]


def test_tied_weights_need_as_many_outputs_as_features():
    with pytest.raises(ShapeError, match=r"6 features cannot have 3 outputs[\s\S]*transform\.reconstruct"):
        declared(**{**TIED, "outputs": 3})


@pytest.mark.parametrize("options", [{}, {"tied": True, "outputs": 4}])
def test_it_conforms(options):
    check_stage(autoencoder, options={"hidden": [5], "code": 2, "activation": "tanh", **options})
