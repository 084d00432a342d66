"""The loss of counts."""

from pipeline import loss, nn, ops


@loss(link="exp")
def poisson(outputs, targets):
    """Return the negative log-likelihood in nats of counts, summed over columns, without its constant log y!.

    `outputs` (batch, columns) are logarithms of expected counts, `targets` counts from 0, (batch,) or
    (batch, columns).  Nelder & Wedderburn 1972.
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "poisson")
    return ops.sum(ops.exp(outputs) - y * outputs, axis=-1)
