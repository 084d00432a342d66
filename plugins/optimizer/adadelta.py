"""Adadelta: steps as large as earlier steps were, over gradients as large as they were."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def adadelta(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1.0,
    decay: Probability = 0.9,
    weight_decay: NonNegative = 0.0,
    eps: Positive = 1e-6,
):
    """Step `w` by g times the running root mean square of steps over that of gradients.  Zeiler 2012.

    Algorithm 1 of arXiv:1212.5701; `lr` multiplies the step, as in PyTorch.  `weight_decay` adds to the
    gradient.  `eps` lets the first steps begin: each is near lr·√(eps / (1 - decay)).
    """
    square, moved = state or (0.0, 0.0)
    g = g + weight_decay * w
    square = decay * square + (1 - decay) * g * g
    step = ops.sqrt(moved + eps) / ops.sqrt(square + eps) * g
    moved = decay * moved + (1 - decay) * step * step
    return w - lr * step, (square, moved)
