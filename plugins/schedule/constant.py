"""The learning rate stays, but for an optional warm-up."""

from pipeline import ops, schedule
from pipeline.options import Natural


@schedule
def constant(t, steps, *, warmup: Natural = 0):
    """Keep the rate, after rising linearly over the first `warmup` steps."""
    return ops.minimum(t / (warmup + 1), 1.0)
