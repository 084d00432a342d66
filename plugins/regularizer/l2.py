"""Weight decay as a penalty."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def l2(objective, *, strength: NonNegative = 1e-4, only: str = "*"):
    """Add ½·strength·Σw² over the weights that `only` names, biases left out (weight decay, ridge).

    `only` is a name such as `hidden0.weights`, `*` and `?` for any text and letter: each layer may have its
    own strength by a node of its own.  Hoerl & Kennard 1970; Krogh & Hertz 1992.
    """
    objective.add(strength / 2 * sum(ops.sum(w * w) for w in objective.chosen(only).values()))
