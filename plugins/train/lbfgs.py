"""Training by limited-memory BFGS."""

from functools import partial

from pipeline import calculus, train
from pipeline.options import Count, NonNegative


@train(optimizer=False)
def lbfgs(fit, *, epochs: Count = 100, memory: Count = 10, tolerance: NonNegative = 1e-5):
    """Go down the objective of all training rows by L-BFGS, in at most `epochs` iterations.

    `memory` is how many steps it learns the curvature from; it ends where no element of the gradient is
    larger than `tolerance`.  Nocedal & Wright 2006, algorithm 7.5.
    """
    fit.minimize(partial(calculus.lbfgs, memory=memory, tolerance=tolerance), epochs=epochs)
