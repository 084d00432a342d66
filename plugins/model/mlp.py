"""The multilayer perceptron."""

from typing import Literal

from pipeline import model, ops
from pipeline.options import Count

Activation = Literal["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]


@model
def mlp(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (128,),
    activation: Activation = "relu",
    init: Literal["he", "glorot", "orthogonal"] = "he",
    outputs: int,
):
    """Fully connected layers: (batch, *features) -> (batch, outputs); `init` draws the hidden weights.

    The last layer starts by Glorot & Bengio 2010, so that the first predictions are near to even.
    """
    x = ops.flatten(x)
    for i, width in enumerate(hidden):
        x = net.hidden(ops.activation(activation)(net.dense(x, width, name=f"hidden{i}", init=init)))
    return net.dense(x, outputs, name="out", init="glorot")
