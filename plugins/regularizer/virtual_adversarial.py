"""Predictions that stay the same where a small change would alter them most."""

from pipeline import nn, ops, regularizer
from pipeline.options import Count, NonNegative, Positive


@regularizer
def virtual_adversarial(
    objective,
    *,
    strength: NonNegative = 1.0,
    epsilon: Positive = 2.0,
    rows: Count = 128,
    power: Count = 1,
    step: Positive = 0.1,
):
    """Add strength·KL(p(x) || p(x + r)) over `rows` unlabelled x, r the worst change of length `epsilon`.

    The direction is found by `power` iterations from a random one, each the gradient of the divergence at
    `step` along it.  No label is needed, but a split `unlabelled` (transform.unlabel).  Miyato et al. 2018
    (arXiv:1704.03976), equations 5 to 8 and algorithm 1.
    """
    x = objective.unlabelled(rows)
    log_p = ops.stop_gradient(_log_p(objective, x))
    d = _unit(objective.draws("direction").normal(x.shape))
    for _ in range(power):
        near = nn.divergence(log_p, _log_p(objective, x + step * d))
        (g,) = ops.gradient(ops.sum(near), [d])
        d = ops.stop_gradient(_unit(g))
    far = nn.divergence(log_p, _log_p(objective, x + epsilon * d))
    objective.add(strength * ops.mean(far))


def _log_p(objective, x):
    return nn.log_probabilities(objective.outputs_at(x), objective.classes)


def _unit(d):
    """Return rows (rows, *features) of length 1; one of zeros stays."""
    axes = tuple(range(1, d.ndim))
    largest = ops.max(ops.abs(d), axis=axes, keepdims=True)
    # scaled first: the squares of small gradients would vanish in float32
    scaled = d / ops.where(largest > 0, largest, 1.0)
    # now a row that is not zero is at least 1 long
    return scaled / ops.maximum(ops.norm(scaled, axis=axes, keepdims=True), 1.0)
