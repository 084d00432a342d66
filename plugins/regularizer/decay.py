"""Weight decay beside the gradient."""

from pipeline import regularizer
from pipeline.options import NonNegative


@regularizer
def decay(objective, *, strength: NonNegative = 1e-2, only: str = "*"):
    """Shrink the weights that `only` names by the factor 1 - lr·strength, then step; biases stay.

    The gradient does not know of it, so that an optimizer which scales gradients does not scale the decay.
    `lr` is the optimizer's, with its schedule.  Loshchilov & Hutter 2019 (arXiv:1711.05101), algorithm 2.
    """
    kept = 1 - objective.lr * strength
    objective.before_step(lambda w: kept * w, only)
