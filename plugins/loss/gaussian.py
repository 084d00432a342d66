"""The loss of numbers: squared error."""

from pipeline import ShapeError, loss, ops


@loss(link="identity")
def gaussian(outputs, targets):
    """Return half the squared error of each example, summed over its columns.

    It is the negative log-likelihood in nats of a Gaussian of variance 1 around `outputs` (batch, columns),
    without its constant ½·log 2π a column; `targets` are (batch,) or (batch, columns).
    """
    if targets.ndim == 1:
        targets = ops.expand_dims(targets, -1)
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"gaussian: targets {targets.shape} do not fit outputs {outputs.shape}: one a column"
        )
    return 0.5 * ops.sum(ops.square(outputs - targets), axis=-1)
