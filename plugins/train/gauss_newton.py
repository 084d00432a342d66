"""Training by Gauss-Newton steps."""

from functools import partial

from pipeline import calculus, train
from pipeline.options import Count, NonNegative


@train(optimizer=False)
def gauss_newton(fit, *, epochs: Count = 50, products: Count = 200, tolerance: NonNegative = 1e-5):
    """Go down the objective of all training rows by Gauss-Newton steps that conjugate gradients find.

    The Gauss-Newton matrix is the Hessian without the curvature of the model's outputs: it has no negative
    eigenvalues where the loss is convex in them.  At most `epochs` iterations of at most `products` products;
    it ends where no element of the gradient is larger than `tolerance`.  Nocedal & Wright 2006, section 10.3;
    Schraudolph 2002 for losses other than squares.
    """
    fit.minimize(partial(calculus.gauss_newton, products=products, tolerance=tolerance), epochs=epochs)
