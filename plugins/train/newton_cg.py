"""Training by Newton's method without a Hessian."""

from functools import partial

from pipeline import calculus, train
from pipeline.options import Count, NonNegative


@train(optimizer=False)
def newton_cg(fit, *, epochs: Count = 50, products: Count = 200, tolerance: NonNegative = 1e-5):
    """Go down the objective of all training rows by Newton steps that conjugate gradients find.

    At most `epochs` iterations of at most `products` Hessian-vector products; the Hessian is not formed.  It
    ends where no element of the gradient is larger than `tolerance`.  Nocedal & Wright 2006, algorithm 7.1.
    """
    fit.minimize(partial(calculus.newton_cg, products=products, tolerance=tolerance), epochs=epochs)
