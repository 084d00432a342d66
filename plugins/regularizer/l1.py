"""A penalty on the weights' absolute values, which drives them to zero."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def l1(objective, *, strength: NonNegative = 1e-4, only: str = "*"):
    """Add strength·Σ|w| over the weights that `only` names, biases left out (lasso).  Tibshirani 1996.

    `only` is a name such as `hidden0.weights`, `*` and `?` for any text and letter.  No weight gets to zero
    and stays there: for that see regularizer.proximal_l1.
    """
    objective.add(strength * sum(ops.sum(ops.abs(w)) for w in objective.chosen(only).values()))
