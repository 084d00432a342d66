"""A limit on the weights of each unit."""

from pipeline import ops, regularizer
from pipeline.options import Positive


@regularizer
def max_norm(objective, *, limit: Positive = 3.0, only: str = "*"):
    """Scale the incoming weights of a unit back to the norm `limit` after a step that took them beyond it.

    A unit's weights are those of one place along the last axis: a column of a dense layer, a kernel of a
    convolution.  `only` names the weights, `*` and `?` for any text and letter.  Srebro & Shraibman 2005;
    Hinton et al. 2012 (arXiv:1207.0580), appendix A.1.
    """

    def limited(w):
        norm = ops.sqrt(ops.sum(w * w, axis=tuple(range(w.ndim - 1)), keepdims=True))
        return w * (limit / ops.maximum(norm, limit))

    objective.after_step(limited, only)
