"""Training on inputs that are moved against the model."""

from typing import Literal

from pipeline import OptionError, ops, regularizer
from pipeline.options import Count, Fraction, NonNegative


@regularizer
def adversarial(
    objective,
    *,
    epsilon: NonNegative = 0.1,
    share: Fraction = 0.5,
    norm: Literal["max", "euclidean"] = "max",
    steps: Count = 1,
    limits: tuple[float, ...] = (),
):
    """Replace a `share` of the loss by that at inputs moved by `epsilon` up the loss: x + ε·sign(dL/dx).

    Goodfellow et al. 2015 (arXiv:1412.6572), section 6.  With several `steps`, each of 2.5·epsilon/steps and
    brought back into the ball around the input, it is the training of Madry et al. 2018 (arXiv:1706.06083).
    `limits` are the least and the largest value that an input may have, [0, 1] of pixels say.
    """
    if len(limits) not in (0, 2):
        raise OptionError("limits are two numbers, the least and the largest value\n    give two, or none")
    x = objective.inputs
    length = epsilon if steps == 1 else 2.5 * epsilon / steps
    moved, g = x, objective.gradient(x)
    for step in range(steps):
        if step:
            (g,) = ops.gradient(objective.loss_at(inputs=moved), [moved])
        change = _limited(moved + length * _direction(g, norm) - x, epsilon, norm)
        moved = ops.stop_gradient(_bounded(x + change, limits))
    objective.mix(share, objective.loss_at(inputs=moved))


def _direction(g, norm):
    if norm == "max":
        return ops.sign(g)
    return g / ops.where(_length(g) > 0, _length(g), 1.0)


def _limited(change, epsilon, norm):
    """Return a change brought back into the ball of `epsilon`."""
    if norm == "max":
        return ops.maximum(ops.minimum(change, epsilon), -epsilon)
    return change * ops.minimum(1.0, epsilon / ops.where(_length(change) > 0, _length(change), 1.0))


def _bounded(x, limits):
    return ops.clip(x, *limits) if limits else x


def _length(x):
    return ops.norm(x, axis=tuple(range(1, x.ndim)), keepdims=True)
