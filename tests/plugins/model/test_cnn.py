from typing import get_args

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from pipeline import ShapeError, nn, ops
from pipeline.engine import gradient
from pipeline.stages.net import Layout, Net, bound, eager
from plugins.model.cnn import cnn

OPTIONS = {"channels": (3, 4), "hidden": (5,), "outputs": 2}
X = np.random.default_rng(0).standard_normal((3, 8, 6))


def initial(x, **options):
    net = eager(seed=1)
    cnn(x, net, **options)
    return {name: parameter.initial(1, "model") for name, parameter in net.declared.items()}


def convolved(x, w, b):
    height, width = x.shape[1:3]
    framed = anp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "constant")
    windows = [(i, j, framed[:, i : i + height, j : j + width]) for i in range(3) for j in range(3)]
    return sum(anp.dot(window, w[i, j]) for i, j, window in windows) + b


def pooled(x):
    batch, height, width, channels = x.shape
    height, width = height // 2, width // 2
    cells = anp.reshape(x[:, : 2 * height, : 2 * width], (batch, height, 2, width, 2, channels))
    return anp.max(anp.max(cells, axis=4), axis=2)


def by_autograd(x, p):
    h = anp.reshape(x, (3, 8, 6, 1))
    for layer in ("conv0", "conv1"):
        h = pooled(anp.tanh(convolved(h, p[f"{layer}.weights"], p[f"{layer}.bias"])))
    h = anp.tanh(anp.reshape(h, (3, -1)) @ p["hidden0.weights"] + p["hidden0.bias"])
    return h @ p["out.weights"] + p["out.bias"]


def test_value_and_gradients_are_autograds(slopes_of):
    parameters = initial(X, **OPTIONS)
    value, slopes = slopes_of(cnn, X, parameters, activation="tanh", **OPTIONS)
    np.testing.assert_allclose(value, by_autograd(X, parameters), rtol=1e-9)
    by_x, by_parameters = autograd.grad(lambda both: anp.sum(anp.sin(by_autograd(*both))))((X, parameters))
    for name, expected in {"x": by_x, **by_parameters}.items():
        np.testing.assert_allclose(slopes[name], expected, rtol=1e-9, atol=1e-12)


def test_parameters_have_the_shapes_asked_for():
    shapes = {name: array.shape for name, array in initial(X, **OPTIONS).items()}
    assert shapes["conv0.weights"] == (3, 3, 1, 3)
    assert shapes["conv1.weights"] == (3, 3, 3, 4)
    assert shapes["hidden0.weights"] == (2 * 1 * 4, 5)
    assert shapes["out.weights"] == (5, 2)


def test_images_without_channels_are_images_of_one():
    net = eager(seed=1)
    np.testing.assert_array_equal(cnn(X, net, **OPTIONS), cnn(X[..., None], eager(seed=1), **OPTIONS))


def test_pooling_by_one_keeps_the_size():
    shapes = {name: array.shape for name, array in initial(X, pool=1, **OPTIONS).items()}
    assert shapes["hidden0.weights"] == (8 * 6 * 4, 5)


def test_every_layer_is_marked_for_regularizers():
    net = eager()
    cnn(X, net, **OPTIONS)
    assert [h.shape for h in net.activations.values()] == [(3, 4, 3, 3), (3, 2, 1, 4), (3, 5)]


def test_images_too_small_for_the_pools_are_refused_with_the_fix():
    with pytest.raises(ShapeError, match=r"images of 8 x 6 cannot be pooled by 2 after each of 3.*pool: 1"):
        cnn(X, eager(), channels=(2, 2, 2), outputs=2)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(ShapeError, match=r"cnn works on images, \(batch, height, width\).*given \(3, 48\)"):
        cnn(X.reshape(3, 48), eager(), outputs=2)


def test_gradients_reach_kernels_that_are_cut_from_flat_weights(traced, slopes_of):
    parameters = initial(X, **OPTIONS)
    discovered = eager(seed=1)
    cnn(X, discovered, **OPTIONS)
    layout = Layout(list(discovered.declared.values()))

    def f(weights):
        cut = layout.bind(weights)
        outputs = ops.sum(ops.sin(cnn(X, Net(bound(cut)), activation="tanh", **OPTIONS)))
        return layout.flat(dict(zip(cut, gradient(outputs, list(cut.values())), strict=True)))

    flat, _ = traced(f, weights=layout.flat(parameters))
    _, slopes = slopes_of(cnn, X, parameters, activation="tanh", **OPTIONS)
    for name, found in layout.bind(flat).items():
        np.testing.assert_allclose(found, slopes[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", get_args(nn.Activation))
def test_activations_are_those_of_the_convolved_not_of_the_pooled(activation):
    net = eager(seed=1)
    options = {**OPTIONS, "channels": (3,), "hidden": ()}
    found = cnn(X, net, activation=activation, **options)
    other = eager(seed=1)
    z = nn.conv2d(other, nn.as_images(X, "cnn"), nn.linear_width(activation, 3), name="conv0")
    h = nn.activate(other, z, activation, name="conv0")
    expected = other.dense(ops.flatten(nn.max_pool(h, 2)), 2, name="out", init="glorot")
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
