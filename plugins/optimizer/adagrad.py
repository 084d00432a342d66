"""Adagrad: steps divided by the root of all squared gradients so far."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive


@optimizer
def adagrad(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1e-2,
    lr_decay: NonNegative = 0.0,
    weight_decay: NonNegative = 0.0,
    initial: NonNegative = 0.0,
    eps: NonNegative = 1e-10,
):
    """Step `w` against `g` over the root of its summed squares.  Duchi et al. 2011 (JMLR 12), figure 1.

    The sum begins at `initial`; `eps` is added after the root, as in PyTorch.  `lr_decay` makes the rate
    lr / (1 + (t - 1) lr_decay), and `weight_decay` adds to the gradient.
    """
    (total,) = state or (initial,)
    g = g + weight_decay * w
    total = total + g * g
    rate = lr / (1 + (t - 1) * lr_decay)
    return w - rate * g / (ops.sqrt(total) + eps), (total,)
