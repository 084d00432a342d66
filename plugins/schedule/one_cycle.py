"""The learning rate rises once and falls once."""

import math
from typing import Literal

from pipeline import ops, schedule
from pipeline.options import Fraction


@schedule
def one_cycle(
    t,
    steps,
    *,
    rise: Fraction = 0.3,
    start: Fraction = 0.04,
    end: Fraction = 4e-6,
    shape: Literal["cosine", "linear"] = "cosine",
):
    """Rise from `start` to 1 over the share `rise` of the steps, then fall to `end` at the last one.

    Smith & Topin 2017 (arXiv:1708.07120); the optimizer's `lr` is the largest rate.  As in PyTorch, the
    two slopes are halves of a cosine by default.
    """
    step, last = t - 1, steps - 1
    peak = ops.maximum(rise * steps - 1, 0.0)
    up = _eased(ops.clip(step / ops.maximum(peak, 1e-6), 0.0, 1.0), shape)
    down = _eased(ops.clip((step - peak) / ops.maximum(last - peak, 1e-6), 0.0, 1.0), shape)
    return ops.where(step < peak, start + (1 - start) * up, 1 + (end - 1) * down)


def _eased(share, shape):
    return share if shape == "linear" else (1 - ops.cos(math.pi * share)) / 2
