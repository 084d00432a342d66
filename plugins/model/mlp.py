"""The multilayer perceptron."""

from typing import Literal

from pipeline import model, nn, ops
from pipeline.options import Count


@model
def mlp(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (128,),
    activation: nn.Activation = "relu",
    pieces: Count = 2,
    norm: nn.Norm = "none",
    init: Literal["he", "glorot", "orthogonal"] = "he",
    outputs: int,
):
    """Fully connected layers: (batch, *features) -> (batch, outputs); `init` draws the hidden weights.

    `norm` normalises what enters the activation; `pieces` is how many linear outputs a maxout unit chooses
    from.  The last layer starts by Glorot & Bengio 2010, so that the first predictions are near to even.
    """
    x = ops.flatten(x)
    for i, width in enumerate(hidden):
        name = f"hidden{i}"
        # the shift of a batch's normalisation is its bias
        z = net.dense(
            x, nn.linear_width(activation, width, pieces), name=name, bias=norm != "batch", init=init
        )
        x = net.hidden(
            nn.activate(net, nn.normalize(net, z, norm, name=name), activation, name=name, pieces=pieces)
        )
    return net.dense(x, outputs, name="out", init="glorot")
