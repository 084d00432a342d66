"""One trunk for several tasks."""

from pipeline import OptionError, model, nn, ops
from pipeline.options import Count


@model
def multitask(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (128,),
    activation: nn.Activation = "relu",
    heads: tuple[str, ...] = ("auxiliary",),
    widths: tuple[Count, ...] = (2,),
    outputs: int,
):
    """A multilayer perceptron whose last hidden layer also feeds `heads`, linear ones of `widths` outputs.

    regularizer.auxiliary trains a head, evaluate.head measures it.  Caruana 1997, Multitask Learning.
    """
    if len(heads) != len(widths):
        raise OptionError(f"{len(heads)} heads, but {len(widths)} widths\n    give one width for each head")
    x = ops.flatten(x)
    for i, width in enumerate(hidden):
        name = f"hidden{i}"
        z = net.dense(x, nn.linear_width(activation, width, 2), name=name)
        x = net.hidden(nn.activate(net, z, activation, name=name, pieces=2))
    for name, width in zip(heads, widths, strict=True):
        net.head(name, net.dense(x, width, name=f"head.{name}", init="glorot"))
    return net.dense(x, outputs, name="out", init="glorot")
