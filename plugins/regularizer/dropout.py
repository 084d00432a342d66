"""Units that are left out at random while training."""

from typing import Literal

from pipeline import ops, regularizer
from pipeline.options import Probability


@regularizer
def dropout(objective, *, rate: Probability = 0.5, units: Literal["hidden", "inputs", "both"] = "hidden"):
    """Zero each unit with probability `rate`, divide the rest by 1 - rate.  Srivastava et al. 2014 (JMLR 15).

    For another rate on the inputs place two of these nodes.  Predictions use every unit, unscaled.
    """

    def drop(h, rng):
        return ops.where(rng.uniform(h.shape) >= rate, h * (1 / (1 - rate)), 0.0)

    if units != "inputs":
        objective.on_hidden(drop)
    if units != "hidden":
        objective.on_inputs(drop)
