"""Training by Newton's method, for small models: it forms the Hessian."""

from functools import partial
from typing import Literal

from pipeline import calculus, train
from pipeline.options import Count, NonNegative


@train(optimizer=False)
def newton(
    fit,
    *,
    epochs: Count = 50,
    variant: Literal["plain", "damped", "saddle_free"] = "damped",
    tolerance: NonNegative = 1e-5,
):
    """Go down the objective of all training rows by Newton's method, in at most `epochs` iterations.

    `plain` takes whole steps, towards any critical point; `damped` adds to the Hessian what makes it
    positive definite and searches along the step (Nocedal & Wright 2006, algorithm 3.3); `saddle_free` takes
    its eigenvalues by their size (Dauphin et al. 2014, arXiv:1406.2572).  It ends where no element of the
    gradient is larger than `tolerance`.
    """
    fit.minimize(partial(calculus.newton, variant=variant, tolerance=tolerance), epochs=epochs)
