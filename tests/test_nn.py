from pathlib import Path

import numpy as np
import pytest

from pipeline import ShapeError, nn, ops
from pipeline.stages.net import Net, bound, eager

FIGURES = Path(__file__).parent / "oracles" / "torch_blocks.npz"


def case(name):
    """Return PyTorch's arrays of a case: inputs, `value`, and `d` before a name for a gradient."""
    with np.load(FIGURES) as arrays:
        prefix = f"{name}/"
        return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}


@pytest.fixture
def agrees_with_torch(traced):
    """Check a block's value and gradients; `names` maps PyTorch's letters to the block's parameters."""

    def check(block, figures, **names):
        def f(**arrays):
            parameters = {
                f"block.{names[letter]}": array for letter, array in arrays.items() if letter in names
            }
            return block(Net(bound(parameters)), arrays.get("x"))

        letters = [name for name in figures if f"d{name}" in figures]
        value, slopes = traced(f, **{letter: figures[letter] for letter in letters})
        np.testing.assert_allclose(value, figures["value"], rtol=1e-9, atol=1e-12)
        for letter in letters:
            np.testing.assert_allclose(slopes[letter], figures[f"d{letter}"], rtol=1e-9, atol=1e-12)

    return check


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv same", {}),
        ("conv even", {"kernel": 2}),
        ("conv valid", {"padding": "valid"}),
        ("conv stride", {"padding": "valid", "stride": 2}),
    ],
)
def test_convolution_is_pytorchs(agrees_with_torch, name, options):
    def block(net, x):
        return nn.conv2d(net, x, 3, name="block", **options)

    agrees_with_torch(block, case(name), w="weights", b="bias")


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("max pool", lambda x: nn.max_pool(x, 2)),
        ("max pool stride", lambda x: nn.max_pool(x, 3, stride=1)),
        ("avg pool", lambda x: nn.avg_pool(x, 2)),
    ],
)
def test_pooling_is_pytorchs(agrees_with_torch, name, pool):
    agrees_with_torch(lambda net, x: pool(x), case(name))


def test_layer_norm_is_pytorchs(agrees_with_torch):
    figures = case("layer norm")
    agrees_with_torch(
        lambda net, x: nn.layer_norm(net, x, name="block"), figures, scale="scale", shift="shift"
    )


def test_embedding_is_pytorchs(agrees_with_torch):
    def block(net, x):
        return nn.embedding(net, np.array([0, 2, 1, 2]), 3, 2, name="block")

    agrees_with_torch(block, case("embedding"), table="weights")


@pytest.mark.parametrize(("length", "stride", "count"), [(8, 1, 8), (8, 2, 4), (7, 2, 4), (7, 3, 3)])
def test_same_padding_gives_one_output_each_stride(length, stride, count):
    x = np.ones((1, length, length, 1))
    assert nn.conv2d(eager(), x, 2, stride=stride, name="c").shape == (1, count, count, 2)


def test_same_padding_puts_the_odd_zero_after():
    ones = eager(parameters={"c.weights": np.ones((2, 2, 1, 1))})
    sums = nn.conv2d(ones, np.ones((1, 2, 2, 1)), 1, kernel=2, name="c")
    np.testing.assert_array_equal(sums[0, ..., 0], [[4, 2], [2, 1]])


def test_convolutions_parameters_are_one_weight_and_one_bias():
    net = eager()
    nn.conv2d(net, np.ones((1, 4, 4, 2)), 3, kernel=2, name="c")
    declared = {name: (p.shape, p.weight) for name, p in net.declared.items()}
    assert declared == {"c.weights": ((2, 2, 2, 3), True), "c.bias": ((3,), False)}


def test_a_kernel_that_does_not_fit_is_refused_with_sizes_and_fix():
    with pytest.raises(ShapeError, match=r"conv2d 'c': a window of 5 x 5 does not fit into 4 x 6.*'same'"):
        nn.conv2d(eager(), np.ones((1, 4, 6, 1)), 2, kernel=5, padding="valid", name="c")


def test_a_pool_that_does_not_fit_is_refused_with_sizes():
    with pytest.raises(ShapeError, match="pooling: a window of 3 x 3 does not fit into 2 x 4"):
        nn.max_pool(np.ones((1, 2, 4, 1)), 3)


def test_equal_largest_elements_share_the_gradient(traced):
    _, slopes = traced(lambda x: nn.max_pool(x, 2), x=np.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(slopes["x"].ravel(), [0.25] * 4)


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


def test_images_get_a_channel_axis_once():
    assert nn.as_images(np.ones((2, 3, 4)), "x").shape == (2, 3, 4, 1)
    assert nn.as_images(np.ones((2, 3, 4, 5)), "x").shape == (2, 3, 4, 5)
