"""Adam."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def adam(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1e-3,
    beta1: Probability = 0.9,
    beta2: Probability = 0.999,
    eps: NonNegative = 1e-8,
    amsgrad: bool = False,
):
    """Step `w` against `g` by bias-corrected moments.  Kingma & Ba 2015, algorithm 1 (arXiv:1412.6980).

    `eps` is added after the root of the bias-corrected second moment, as in PyTorch.  `amsgrad` divides by
    the largest second moment so far: a rare large gradient is not forgotten (Reddi et al. 2018, algorithm 2).
    """
    m, v, *largest = state or ((0.0, 0.0, 0.0) if amsgrad else (0.0, 0.0))
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    largest = [ops.maximum(known, v) for known in largest]
    spread = largest[0] if amsgrad else v
    rate = lr / (1 - beta1**t)  # m's correction, a number: one pass less over the weights
    return w - rate * m / (ops.sqrt(spread / (1 - beta2**t)) + eps), (m, v, *largest)
