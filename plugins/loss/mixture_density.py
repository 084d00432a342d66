"""The loss of numbers that may be one thing or another."""

import math

import numpy as np

from pipeline import loss, nn, ops
from pipeline.options import Count, NonNegative


def count(columns, *, components):
    """Return how many outputs there are: a weight, a mean and a variance a column for each component."""
    return components * (1 + 2 * columns)


def mean(outputs, *, components):
    """Return the mixtures' means (..., columns)."""
    logits = outputs[..., :components].astype(np.float64)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    columns = (outputs.shape[-1] // components - 1) // 2
    means = outputs[..., components : components * (1 + columns)]
    means = means.reshape(*outputs.shape[:-1], components, columns)
    return (weights[..., None] * means).sum(axis=-2).astype(outputs.dtype)


@loss(link=mean, outputs=count)
def mixture_density(outputs, targets, *, components: Count = 3, floor: NonNegative = 1e-6):
    """Return the negative log-likelihood in nats of mixtures of `components` Gaussians.  Bishop 1994.

    Report NCRG/94/004, section 3.  `outputs` (batch, components·(1 + 2·columns)) are logits of the
    components' weights, then each one's means, then each one's logarithms of variances, to which `floor` is
    added: it keeps a component from shrinking to one example.  `targets` are (batch,) or (batch, columns).
    Predictions are the mixtures' means.
    """
    rows, columns = outputs.shape[0], (outputs.shape[-1] // components - 1) // 2
    y = ops.expand_dims(nn.as_columns(targets, outputs, columns, "mixture_density"), 1)
    ends = [components, components * (1 + columns)]
    means, spreads = (
        ops.reshape(part, (rows, components, columns))
        for part in (outputs[:, ends[0] : ends[1]], outputs[:, ends[1] :])
    )
    variance = ops.exp(spreads) + floor
    misses = ops.square(means - y) / variance
    log_density = -0.5 * ops.sum(math.log(2 * math.pi) + ops.log(variance) + misses, axis=-1)
    return -ops.logsumexp(ops.log_softmax(outputs[:, : ends[0]]) + log_density, axis=-1)
