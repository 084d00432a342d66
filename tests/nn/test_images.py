import numpy as np
import pytest

from pipeline import ShapeError, nn
from pipeline.stages.net import eager


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv same", {}),
        ("conv even", {"kernel": 2}),
        ("conv valid", {"padding": "valid"}),
        ("conv stride", {"padding": "valid", "stride": 2}),
    ],
)
def test_convolution_is_pytorchs(agrees_with_torch, case, name, options):
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
def test_pooling_is_pytorchs(agrees_with_torch, case, name, pool):
    agrees_with_torch(lambda net, x: pool(x), case(name))


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


def test_images_get_a_channel_axis_once():
    assert nn.as_images(np.ones((2, 3, 4)), "x").shape == (2, 3, 4, 1)
    assert nn.as_images(np.ones((2, 3, 4, 5)), "x").shape == (2, 3, 4, 5)
