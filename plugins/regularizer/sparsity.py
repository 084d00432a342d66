"""A penalty on activity, so that few units speak at a time."""

from typing import Annotated, Literal

from annotated_types import Gt, Lt

from pipeline import ops, regularizer
from pipeline.options import NonNegative

Share = Annotated[float, Gt(0), Lt(1)]
EDGE = 1e-6  # means outside of (0, 1), which have no divergence, count as its ends


@regularizer
def sparsity(
    objective,
    *,
    by: Literal["l1", "kl"] = "l1",
    strength: NonNegative = 1e-3,
    target: Share = 0.05,
    only: str = "*",
):
    """Penalise hidden activations h: by strength·Σ|h| an example, or by their mean's distance from `target`.

    `l1` is that of sparse coding: Olshausen & Field 1996.  `kl` adds strength·KL(target ‖ mean of h over the
    minibatch) for each unit, for units within 0 and 1 such as sigmoid ones: Ng 2011, Sparse autoencoder,
    section 3.  `only` names the activations, such as `hidden0`, `*` and `?` for any text and letter.
    """
    for h in objective.units(only).values():
        rows = ops.reshape(h, (h.shape[0], -1))
        if by == "l1":
            objective.add(strength * ops.mean(ops.sum(ops.abs(rows), axis=1)))
        else:
            objective.add(strength * _divergence(target, ops.mean(rows, axis=0)))


def _divergence(target, means):
    """Return Σ KL(Bernoulli(target) ‖ Bernoulli(mean))."""
    means = ops.clip(means, EDGE, 1 - EDGE)
    active = target * (ops.log(target) - ops.log(means))
    return ops.sum(active + (1 - target) * (ops.log(1 - target) - ops.log(1 - means)))
