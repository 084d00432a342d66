"""Weight decay as a penalty."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def l2(objective, *, strength: NonNegative = 1e-4):
    """Add ½·strength·Σw² over the weights, biases left out (weight decay)."""
    objective.add(strength / 2 * sum(ops.sum(w * w) for w in objective.weights))
