"""A penalty on the weights' absolute values, which drives them to zero."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def l1(objective, *, strength: NonNegative = 1e-4):
    """Add strength·Σ|w| over the weights, biases left out (lasso).  Tibshirani 1996."""
    objective.add(strength * sum(ops.sum(ops.abs(w)) for w in objective.weights))
