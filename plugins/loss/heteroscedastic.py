"""The loss of numbers with a variance of their own."""

import math

from pipeline import loss, nn, ops
from pipeline.options import NonNegative


def means(outputs):
    """Return the means (..., columns): the first half of the outputs."""
    return outputs[..., : outputs.shape[-1] // 2]


@loss(link=means, outputs=2)
def heteroscedastic(outputs, targets, *, floor: NonNegative = 1e-6):
    """Return the negative log-likelihood in nats of Gaussians whose variances the model gives too.

    `outputs` (batch, 2·columns) are means, then logarithms of variances, to which `floor` is added;
    `targets` are (batch,) or (batch, columns).  Predictions are the means.  Nix & Weigend 1994.
    """
    columns = outputs.shape[-1] // 2
    y = nn.as_columns(targets, outputs, columns, "heteroscedastic")
    variance = ops.exp(outputs[:, columns:]) + floor
    misses = ops.square(outputs[:, :columns] - y) / variance
    return 0.5 * ops.sum(math.log(2 * math.pi) + ops.log(variance) + misses, axis=-1)
