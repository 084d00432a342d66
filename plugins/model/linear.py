"""The linear model: logistic or softmax regression, or least squares, by its loss."""

from pipeline import model, ops


@model
def linear(x, net, *, bias: bool = True, outputs: int):
    """One affine map of all features: (batch, *features) -> (batch, outputs).  Weights start at zero.

    The loss is convex in the weights, so the start does not matter to where training ends.
    """
    return net.dense(ops.flatten(x), outputs, name="out", bias=bias, init="zeros")
