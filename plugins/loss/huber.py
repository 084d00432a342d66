"""The loss of numbers between squared and absolute error."""

from pipeline import loss, nn, ops
from pipeline.options import Positive


@loss(link="identity")
def huber(outputs, targets, *, delta: Positive = 1.0):
    """Return half the squared error, but growing linearly beyond `delta`, summed over columns.  Huber 1964.

    `outputs` are (batch, columns), `targets` (batch,) or (batch, columns); `delta` is in their unit.  A
    large error pulls no more than one of `delta`.
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "huber")
    miss = ops.abs(outputs - y)
    inside = ops.minimum(miss, delta)
    return ops.sum(inside * (miss - 0.5 * inside), axis=-1)
