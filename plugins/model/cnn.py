"""A convolutional network for images."""

from typing import Literal

from pipeline import ShapeError, model, nn, ops
from pipeline.options import Count

Activation = Literal["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]
FALLING = ("gelu", "silu")  # somewhere


@model
def cnn(
    x,
    net,
    *,
    channels: tuple[Count, ...] = (16, 32),
    kernel: Count = 3,
    pool: Count = 2,
    hidden: tuple[Count, ...] = (64,),
    activation: Activation = "relu",
    outputs: Count,
):
    """Map images to outputs by convolutions, each pooled by its largest, then fully connected layers.

    `x` is (batch, height, width) or (batch, height, width, channels).  LeCun et al. 1998.
    """
    h = nn.as_images(x, "cnn")
    if min(h.shape[1:3]) < pool ** len(channels):
        raise ShapeError(
            f"cnn: images of {h.shape[1]} x {h.shape[2]} cannot be pooled by {pool} after each of "
            f"{len(channels)} convolutions; name fewer channels or set pool: 1"
        )
    for i, width in enumerate(channels):
        h = nn.conv2d(net, h, width, kernel=kernel, name=f"conv{i}")
        h = net.hidden(_pooled(h, pool, activation))
    h = ops.flatten(h)
    for i, width in enumerate(hidden):
        h = net.hidden(ops.activation(activation)(net.dense(h, width, name=f"hidden{i}")))
    return net.dense(h, outputs, name="out", init="glorot")


def _pooled(h, pool, activation):
    # the largest of rising values is the value of the largest: the activation of fewer elements
    activate = ops.activation(activation)
    return nn.max_pool(activate(h), pool) if activation in FALLING else activate(nn.max_pool(h, pool))
