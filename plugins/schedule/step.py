"""The learning rate falls in stairs."""

from pipeline import ops, schedule
from pipeline.options import Count, Fraction, Natural


@schedule
def step(t, steps, *, every: Natural = 0, stairs: Count = 3, gamma: Fraction = 0.1):
    """Multiply the rate by `gamma` after each `every` steps; 0 divides the run into `stairs` equal parts.

    With as many stairs as epochs the rate falls once an epoch, whatever the number of steps.
    """
    # The product comes first: it is exact, so that a stair begins exactly where it should.
    stair = (t - 1) / every if every else (t - 1) * stairs / steps
    return gamma ** ops.floor(stair)
