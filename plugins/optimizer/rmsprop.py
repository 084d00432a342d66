"""RMSProp: steps divided by a running root mean square of the gradient."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def rmsprop(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1e-2,
    decay: Probability = 0.99,
    momentum: Probability = 0.0,
    weight_decay: NonNegative = 0.0,
    eps: NonNegative = 1e-8,
    centered: bool = False,
):
    """Step `w` against `g` over its running root mean square.  Hinton 2012, lecture 6e.

    `eps` is added after the root, as in PyTorch; `centered` subtracts the squared running mean, which
    makes it a variance (Graves 2013, arXiv:1308.0850, eq. 38-45).  `weight_decay` adds to the gradient.
    """
    square, mean, velocity = state or (0.0, 0.0, 0.0)
    g = g + weight_decay * w
    square = decay * square + (1 - decay) * g * g
    if centered:
        mean = decay * mean + (1 - decay) * g
    # Rounding can leave a variance just below zero, whose root would be NaN.
    spread = ops.maximum(square - mean * mean, 0.0) if centered else square
    velocity = momentum * velocity + g / (ops.sqrt(spread) + eps)
    return w - lr * velocity, (square, mean, velocity)
