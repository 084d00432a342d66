"""Lion: steps of one size, by the sign of an interpolated momentum."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def lion(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1e-4,
    beta1: Probability = 0.9,
    beta2: Probability = 0.99,
    weight_decay: NonNegative = 0.0,
):
    """Step each weight by lr against the sign of beta1·m + (1 - beta1)·g.  Chen et al. 2023, algorithm 2.

    arXiv:2302.06675.  `weight_decay` shrinks the weights by lr·weight_decay, beside the gradient.  A good
    `lr` is 3 to 10 times smaller than Adam's.
    """
    (m,) = state or (0.0,)
    direction = ops.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w
    return w - lr * direction, (beta2 * m + (1 - beta2) * g,)
