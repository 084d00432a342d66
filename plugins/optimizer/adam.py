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
):
    """Step `w` against `g` by bias-corrected moments.  Kingma & Ba 2015, algorithm 1 (arXiv:1412.6980)."""
    m, v = state or (0.0, 0.0)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (ops.sqrt(v_hat) + eps), (m, v)
