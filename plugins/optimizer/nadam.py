"""Nadam: Adam with Nesterov's look ahead."""

from pipeline import ops, optimizer
from pipeline.options import NonNegative, Positive, Probability


@optimizer
def nadam(
    w,
    g,
    state,
    t,
    *,
    lr: Positive = 2e-3,
    beta1: Probability = 0.9,
    beta2: Probability = 0.999,
    momentum_decay: NonNegative = 4e-3,
    eps: NonNegative = 1e-8,
):
    """Step `w` as Adam does, along the next momentum.  Dozat 2016 (ICLR workshop), algorithm 2.

    The momentum rises from beta1/2 to beta1 as beta1·(1 - ½·0.96^(t·momentum_decay)); its products take the
    place of beta1^t.  `eps` is added after the root of the bias-corrected second moment, as in PyTorch.
    """
    m, v, product = state or (0.0, 0.0, 1.0)
    now, after = (beta1 * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1))
    product = product * now
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    ahead = (1 - now) / (1 - product) * g + after / (1 - product * after) * m
    return w - lr * ahead / (ops.sqrt(v / (1 - beta2**t)) + eps), (m, v, product)
