"""The learning rate falls along half a cosine, again and again."""

import math

from pipeline import ops, schedule
from pipeline.options import Count, Fraction


@schedule
def restarts(t, steps, *, cycles: Count = 5, floor: Fraction = 0.0):
    """Fall from 1 to `floor` along half a cosine in each of `cycles` equal parts of the training.

    Loshchilov & Hutter 2017 (arXiv:1608.03983), eq. 5; Huang et al. 2017 (arXiv:1704.00109), eq. 2.
    """
    length = -(-steps // cycles)
    done = (t - 1) / length
    return floor + (1 - floor) * (1 + ops.cos(math.pi * (done - ops.floor(done)))) / 2
