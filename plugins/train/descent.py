"""Training by steepest descent."""

from functools import partial
from typing import Literal

from pipeline import calculus, train
from pipeline.options import Count, NonNegative, Positive


@train(optimizer=False)
def descent(
    fit,
    *,
    epochs: Count = 100,
    step: Literal["constant", "best", "forecast", "armijo", "wolfe"] = "armijo",
    rate: Positive = 0.1,
    rates: tuple[Positive, ...] = (0.03, 0.1, 0.3, 1.0, 3.0),
    tolerance: NonNegative = 1e-5,
):
    """Go down the objective of all training rows against its gradient, in at most `epochs` iterations.

    `step` says how far: `rate` times the gradient (constant), the best of `rates`, the least point of the
    second-order forecast, or a line search from `rate` on for the Armijo or the strong Wolfe conditions.  It
    ends where no element of the gradient is larger than `tolerance`.  Goodfellow et al. 2016, section 4.3;
    Nocedal & Wright 2006, chapter 3.
    """
    method = partial(calculus.descent, step=step, rate=rate, rates=rates, tolerance=tolerance)
    fit.minimize(method, epochs=epochs)
