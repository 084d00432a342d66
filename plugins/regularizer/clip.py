"""A limit on the gradient, against steps that jump away."""

from typing import Literal

from pipeline import ops, regularizer
from pipeline.options import Positive


@regularizer
def clip(objective, *, limit: Positive = 1.0, by: Literal["norm", "value"] = "norm"):
    """Limit the gradient by its norm over all parameters, or each of its elements, to `limit`.

    By norm the direction stays: Pascanu et al. 2013 (arXiv:1211.5063), algorithm 1.
    """

    def by_norm(gradients):
        norm = ops.sqrt(sum(ops.sum(g * g) for g in gradients.values()))
        scale = limit / ops.maximum(norm, limit)
        return {name: g * scale for name, g in gradients.items()}

    def by_value(gradients):
        return {name: ops.clip(g, -limit, limit) for name, g in gradients.items()}

    objective.on_gradients(by_norm if by == "norm" else by_value)
