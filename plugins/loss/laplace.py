"""The loss of numbers that outliers do not pull: absolute error."""

from pipeline import loss, nn, ops


@loss(link="identity")
def laplace(outputs, targets):
    """Return the absolute error of each example, summed over its columns.

    It is the negative log-likelihood in nats of a Laplace distribution of scale 1 around `outputs`
    (batch, columns), without its constant log 2 a column; `targets` are (batch,) or (batch, columns).  Least
    where outputs are the median of what to expect (Koenker & Bassett 1978).
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "laplace")
    return ops.sum(ops.abs(outputs - y), axis=-1)
