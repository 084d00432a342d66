import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from pipeline.stages.net import eager
from plugins.model.mlp import mlp

X = np.random.default_rng(0).standard_normal((4, 2, 3))


def initial(**options):
    net = eager(seed=1)
    mlp(X, net, **options)
    return {name: parameter.initial(1, "model") for name, parameter in net.declared.items()}


def by_autograd(x, parameters):
    h = x.reshape((4, 6))
    for layer in ("hidden0", "hidden1"):
        h = anp.tanh(h @ parameters[f"{layer}.weights"] + parameters[f"{layer}.bias"])
    return h @ parameters["out.weights"] + parameters["out.bias"]


def test_value_and_gradients_are_autograds(slopes_of):
    parameters = initial(hidden=(5, 4), outputs=2)
    value, slopes = slopes_of(mlp, X, parameters, hidden=(5, 4), activation="tanh", outputs=2)
    np.testing.assert_allclose(value, by_autograd(X, parameters), rtol=1e-9)
    by_x, by_parameters = autograd.grad(lambda both: anp.sum(anp.sin(by_autograd(*both))))((X, parameters))
    for name, expected in {"x": by_x, **by_parameters}.items():
        np.testing.assert_allclose(slopes[name], expected, rtol=1e-9, atol=1e-12)


def test_layers_have_the_widths_asked_for():
    shapes = {name: array.shape for name, array in initial(hidden=(5, 4), outputs=2).items()}
    assert shapes == {
        "hidden0.weights": (6, 5),
        "hidden0.bias": (5,),
        "hidden1.weights": (5, 4),
        "hidden1.bias": (4,),
        "out.weights": (4, 2),
        "out.bias": (2,),
    }


def test_no_hidden_layers_make_a_linear_model():
    assert list(initial(hidden=(), outputs=2)) == ["out.weights", "out.bias"]


def test_hidden_units_are_marked_for_regularizers():
    net = eager()
    mlp(X, net, hidden=(5, 4), outputs=2)
    assert {name: h.shape for name, h in net.activations.items()} == {"hidden0": (4, 5), "hidden1": (4, 4)}


def test_he_weights_keep_the_scale_of_a_relu_layer():
    wide = np.random.default_rng(0).standard_normal((50, 400))
    net = eager()
    mlp(wide, net, hidden=(400,), outputs=2)
    assert np.mean(np.square(net.activations["hidden0"])) == pytest.approx(1.0, rel=0.1)
