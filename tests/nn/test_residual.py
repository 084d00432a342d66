import numpy as np
import pytest

from pipeline import nn
from pipeline.stages.net import Net, bound, eager

WEIGHTS = {"w0": "b.conv0.weights", "w1": "b.conv1.weights", "w2": "b.shortcut.weights"}


@pytest.mark.parametrize(("name", "channels", "stride"), [("residual", 2, 1), ("residual wider", 3, 2)])
def test_blocks_are_pytorchs_with_their_gradients(case, traced, name, channels, stride):
    figures = case(name, "torch_units.npz")
    letters = [letter for letter in ("x", *WEIGHTS) if letter in figures]

    def f(x, **w):
        given = {WEIGHTS[letter]: array for letter, array in w.items()}
        constant = eager(training=True)
        fixed = bound(given)

        def make(parameter):
            known = parameter.name in given
            return fixed(parameter) if known else constant._make(parameter)

        return nn.residual(Net(make, training=True), x, channels, stride=stride, name="b")

    value, slopes = traced(f, **{letter: figures[letter] for letter in letters})
    np.testing.assert_allclose(value, figures["value"], rtol=1e-9, atol=1e-12)
    for letter in letters:
        np.testing.assert_allclose(slopes[letter], figures[f"d{letter}"], rtol=1e-8, atol=1e-10)


def test_images_that_keep_their_shape_pass_by_untouched():
    zero = {"b.conv0.weights": np.zeros((3, 3, 2, 2)), "b.conv1.weights": np.zeros((3, 3, 2, 2))}
    x = np.random.default_rng(0).standard_normal((2, 4, 4, 2))
    h = nn.residual(eager(parameters=zero), x, 2, name="b", activation="identity")
    np.testing.assert_allclose(h, x)


@pytest.mark.parametrize("activation", ["maxout", "prelu", "tanh"])
def test_blocks_have_as_many_channels_as_were_asked_for(activation):
    h = nn.residual(eager(), np.zeros((2, 4, 4, 1)), 3, name="b", stride=2, activation=activation)
    assert h.shape == (2, 2, 2, 3)
