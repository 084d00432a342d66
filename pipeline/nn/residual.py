"""Residual blocks: what is learned is the difference to the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.nn.images import conv2d
from pipeline.nn.norms import Norm, normalize
from pipeline.nn.units import Activation, activate, linear_width

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def residual(
    net: Net,
    x: Value,
    channels: int,
    *,
    name: str,
    kernel: int = 3,
    stride: int = 1,
    activation: Activation = "relu",
    norm: Norm = "batch",
) -> Value:
    """Add two convolutions of images to them: a(x + n(W1 * a(n(W0 * x)))), a the activation, n the norm.

    He et al. 2016 (arXiv:1512.03385), figure 2.  Where the shape changes, by `stride` or `channels`, the
    images pass through a 1 x 1 convolution first (its option B).
    """
    width = linear_width(activation, channels)

    def layer(h: Value, part: str, window: int, step: int) -> Value:
        own = f"{name}.{part}"
        z = conv2d(net, h, width, kernel=window, stride=step, bias=norm != "batch", name=own)
        return normalize(net, z, norm, name=own)

    h = activate(net, layer(x, "conv0", kernel, stride), activation, name=f"{name}.conv0")
    h = layer(h, "conv1", kernel, 1)
    kept = x if x.shape == h.shape else layer(x, "shortcut", 1, stride)
    return activate(net, kept + h, activation, name=name)
