"""Examples that are mixtures of two."""

import math

from pipeline import ops, regularizer
from pipeline.options import Positive


@regularizer
def mixup(objective, *, alpha: Positive = 0.2):
    """Train on λ·(x, y) + (1-λ)·(x', y') for each example and the next of its minibatch, λ from Beta(α, α).

    Targets are mixed as probabilities of classes, or as numbers.  Zhang et al. 2018 (arXiv:1710.09412),
    section 2.
    """

    def mixed(inputs, targets, rng):
        share = _beta(rng, (inputs.shape[0],), alpha)
        return tuple(_mixed(x, ops.reshape(share, (-1,) + (1,) * (x.ndim - 1))) for x in (inputs, targets))

    objective.on_examples(mixed)


def _mixed(x, share):
    following = ops.concatenate([x[1:], x[:1]])
    return following + share * (x - following)


def _beta(rng, shape, alpha):
    """Draw from Beta(alpha, alpha) by two uniform numbers, as Devroye 1996 does by Bailey's of 1994."""
    w = (1 - rng.uniform(shape, "radius")) ** (1 / alpha)
    c = ops.cos(2 * math.pi * rng.uniform(shape, "angle"))
    # at 0 / 0, where w underflows, the share is one of the two ends: so it is at c / |c|
    return 0.5 + 0.5 * c * ops.sqrt(1 - w) / ops.sqrt(ops.maximum(w + (1 - w) * c * c, 1e-30))
