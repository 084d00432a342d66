"""The loss of numbers: squared error."""

from pipeline import loss, nn, ops


@loss(link="identity")
def gaussian(outputs, targets):
    """Return half the squared error of each example, summed over its columns.

    It is the negative log-likelihood in nats of a Gaussian of variance 1 around `outputs` (batch, columns),
    without its constant ½·log 2π a column; `targets` are (batch,) or (batch, columns).  Least where outputs
    are the mean of what to expect.
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "gaussian")
    return 0.5 * ops.sum(ops.square(outputs - y), axis=-1)
