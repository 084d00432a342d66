"""Training by nonlinear conjugate gradients."""

from functools import partial

from pipeline import calculus, train
from pipeline.options import Count, NonNegative


@train(optimizer=False)
def conjugate_gradient(fit, *, epochs: Count = 100, tolerance: NonNegative = 1e-5):
    """Go down the objective of all training rows along conjugate directions, in at most `epochs` iterations.

    By the rule of Polak and Ribière, kept from below 0, and a line search for the strong Wolfe conditions; it
    ends where no element of the gradient is larger than `tolerance`.  Nocedal & Wright 2006, algorithm 5.4.
    """
    fit.minimize(partial(calculus.conjugate_gradient, tolerance=tolerance), epochs=epochs)
