"""AdamW: Adam whose weight decay acts on the weights, not through the gradient."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def adamw(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 1e-3,
    beta1: Probability = 0.9,
    beta2: Probability = 0.999,
    weight_decay: NonNegative = 1e-2,
    eps: NonNegative = 1e-8,
    amsgrad: bool = False,
):
    """Shrink `w` by lr·weight_decay, then step as Adam.  Loshchilov & Hutter 2019 (arXiv:1711.05101).

    As in PyTorch, the decay is multiplied by `lr` (and its schedule), reaches every parameter, biases
    too, and `eps` is added after the root of the bias-corrected second moment.  `amsgrad` divides by the
    largest second moment so far (Reddi et al. 2018, algorithm 2).
    """
    m, v, *largest = state or ((0.0, 0.0, 0.0) if amsgrad else (0.0, 0.0))
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    largest = [ops.maximum(known, v) for known in largest]
    m_hat, v_hat = m / (1 - beta1**t), (largest[0] if amsgrad else v) / (1 - beta2**t)
    return w * (1 - lr * weight_decay) - lr * m_hat / (ops.sqrt(v_hat) + eps), (m, v, *largest)
