"""The learning rate falls along half a cosine."""

import math

from pipeline import ops, schedule
from pipeline.options import Fraction, Natural


@schedule
def cosine(t, steps, *, warmup: Natural = 0, floor: Fraction = 0.0):
    """Fall from 1 to `floor` along half a cosine.  Loshchilov & Hutter 2017 (arXiv:1608.03983), eq. 5.

    The factor rises linearly over the first `warmup` steps, is 1 at the step after them, and would reach
    `floor` one step after the last.
    """
    progress = ops.clip((t - 1 - warmup) / max(steps - warmup, 1), 0.0, 1.0)
    fall = floor + (1 - floor) * (1 + ops.cos(math.pi * progress)) / 2
    return ops.minimum(t / (warmup + 1), 1.0) * fall
