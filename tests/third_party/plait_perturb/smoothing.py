"""Virtual adversarial training."""

from pipeline import nn, ops, regularizer
from pipeline.options import Count, NonNegative, Positive


@regularizer
def smooth(
    objective,
    *,
    strength: NonNegative = 1.0,
    epsilon: Positive = 2.0,
    rows: Count = 64,
    step: Positive = 0.1,
):
    """Keep predictions for unlabelled examples from changing in the direction where they would change most.

    Miyato et al. 2018 (arXiv:1704.03976), with one power iteration.
    """

    def divergence_at(x):
        log_q = nn.log_probabilities(objective.outputs_at(x), objective.classes)
        return nn.divergence(ops.stop_gradient(log_p), log_q)

    x = objective.unlabelled(rows)
    log_p = nn.log_probabilities(objective.outputs_at(x), objective.classes)
    start = normalised(objective.draws("direction").normal(x.shape))
    (slope,) = ops.gradient(ops.sum(divergence_at(x + step * start)), [start])
    worst = ops.stop_gradient(normalised(slope))
    objective.add(strength * ops.mean(divergence_at(x + epsilon * worst)))


def normalised(d):
    """Return rows of length 1; a row of zeros stays."""
    axes = tuple(range(1, d.ndim))
    size = ops.max(ops.abs(d), axis=axes, keepdims=True)
    d = d / ops.where(size > 0, size, 1.0)
    length = ops.norm(d, axis=axes, keepdims=True)
    return d / ops.where(length > 0, length, 1.0)
