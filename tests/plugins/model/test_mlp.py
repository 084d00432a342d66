import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from pipeline import DataSet
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
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


def test_maxout_layers_have_their_pieces_side_by_side():
    parameters = initial(hidden=(5,), activation="maxout", pieces=3, outputs=2)
    assert parameters["hidden0.weights"].shape == (6, 15)
    assert parameters["out.weights"].shape == (5, 2)


def test_a_layer_normalised_over_the_batch_has_a_shift_in_place_of_its_bias():
    names = set(initial(hidden=(5,), norm="batch", outputs=2))
    assert {"hidden0.scale", "hidden0.shift", "hidden0.mean", "hidden0.variance"} < names
    assert "hidden0.bias" not in names
    assert "hidden0.bias" in initial(hidden=(5,), norm="layer", outputs=2)


@pytest.fixture
def fitted(registry):
    """Return the largest error, between -1 and 1, of maxout units that were trained to be a function."""

    def fit(f, pieces):
        x = np.linspace(-1, 1, 201)[:, None]
        parts = {
            "model": Part("net", "model.mlp", {"hidden": [4], "activation": "maxout", "pieces": pieces}),
            "optimizer": Part("adam", "optimizer.adam", {"lr": 0.1}),
            "schedule": Part("cool", "schedule.cosine", {}),
        }
        train = Part("fit", "train.minibatch", {"epochs": 500, "batch_size": 201})
        ports = {port: (part,) for port, part in parts.items()}
        spec = CohortSpec("fit", train, ports, (Member("t", "k", 1, "data", {}),), "float32")
        (result,) = train_cohort(spec, {"data": DataSet(x, f(x[:, 0]))}, registry)
        return np.abs(result.network.predict(x.astype(np.float32)) - f(x)).max()

    return fit


def test_maxout_units_fit_the_absolute_value_and_the_square(fitted):
    assert fitted(np.abs, pieces=2) < 0.02
    assert fitted(np.square, pieces=5) < 0.06
