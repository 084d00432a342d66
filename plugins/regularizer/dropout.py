"""Units that are left out at random while training."""

from functools import partial
from typing import Literal

from pipeline import nn, regularizer
from pipeline.options import Probability


@regularizer
def dropout(objective, *, rate: Probability = 0.5, units: Literal["hidden", "inputs", "both"] = "hidden"):
    """Zero each unit with probability `rate`, divide the rest by 1 - rate.  Srivastava et al. 2014 (JMLR 15).

    For another rate on the inputs place two of these nodes.  Predictions use every unit, unscaled: the
    weight-scaling rule, exact for a linear net.  evaluate.monte_carlo averages over masks instead.
    """

    drop = partial(nn.dropout, rate=rate)
    if units != "inputs":
        objective.on_hidden(drop)
    if units != "hidden":
        objective.on_inputs(drop)
