"""The learning rate falls as one over time."""

from pipeline import ops, schedule
from pipeline.options import Fraction, Natural, Positive


@schedule
def inverse_time(t, steps, *, stay: Fraction = 0.1, power: Positive = 1.0, warmup: Natural = 0):
    """Keep the rate for the share `stay` of the steps, τ of them, then fall as (τ / t)^power.

    Bengio 2012 (arXiv:1206.5533), section 3.1.1; with power 1 the rates' sum grows without bound and their
    squares' does not, as Robbins & Monro 1951 ask for.  Before that it rises linearly over `warmup` steps.
    """
    tau = ops.maximum(stay * steps, 1.0)
    return ops.minimum(t / (warmup + 1), 1.0) * (tau / ops.maximum(t, tau)) ** power
