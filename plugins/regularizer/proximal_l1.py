"""The lasso's penalty as a step of its own, so that weights become zero."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def proximal_l1(objective, *, strength: NonNegative = 1e-4, only: str = "*"):
    """Move the weights that `only` names by lr·strength towards zero after each step, and no further.

    With optimizer.sgd on all rows at once this is ISTA, and ends where the loss plus strength·Σ|w| is least:
    Daubechies et al. 2004; Beck & Teboulle 2009, equation 1.4.  `lr` is the optimizer's, with its schedule;
    other optimizers scale their steps, which the threshold does not follow.
    """
    threshold = objective.lr * strength
    objective.after_step(lambda w: w - ops.clip(w, -threshold, threshold), only)
