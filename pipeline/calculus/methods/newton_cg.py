"""Newton's and the Gauss-Newton step by conjugate gradients: products with a vector, no matrix."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.line_search import dot, wolfe
from pipeline.calculus.methods.steps import begun, finite, iterate, vanishes
from pipeline.calculus.requests import Curve, Gauss, Method, Reason, Request

Array = npt.NDArray[Any]


def newton_cg(w: Array, *, products: int = 200, tolerance: float = 1e-5) -> Method:
    """Step along the solution of H d = -g that at most `products` Hessian-vector products find.

    Each step is solved the better the smaller the gradient, and left at the first direction of negative
    curvature.  Nocedal & Wright 2006, algorithm 7.1, with a line search for the strong Wolfe conditions.
    """
    return (yield from _truncated(w, Curve, products, tolerance))


def gauss_newton(w: Array, *, products: int = 200, tolerance: float = 1e-5) -> Method:
    """Step along the solution of G d = -g, G the Gauss-Newton matrix, by conjugate gradients.

    G leaves out the curvature of the outputs, so it has no negative curvature where the loss is convex in
    them.  Nocedal & Wright 2006, section 10.3; Schraudolph 2002 for losses other than squares.
    """
    return (yield from _truncated(w, Gauss, products, tolerance))


def _truncated(
    w: Array, product: Callable[[Array, Array], Request], products: int, tolerance: float
) -> Method:
    at = yield from begun(w)
    while not vanishes(at, tolerance):
        if not finite(at):
            return Reason.UNBOUNDED
        d = yield from _direction(at.w, at.gradient, product, products)
        step = yield from wolfe(at, d)
        if step is None:
            return Reason.STUCK
        at = step
        yield iterate(at)
    return Reason.CONVERGED


def _direction(
    w: Array, g: Array, product: Callable[[Array, Array], Request], products: int
) -> Generator[Request, Any, Array]:
    """Solve the Newton equation inexactly, to the residual min(0.1, √|g|)·|g|."""
    z, r, d = np.zeros_like(g), g, -g
    square = dot(g, g)
    enough = (min(0.1, square**0.25) ** 2) * square
    for count in range(products):
        bent = yield product(w, d)
        curvature = dot(d, bent)
        if not curvature > 3 * float(np.finfo(g.dtype).eps) * dot(d, d):
            return -g if count == 0 else z
        alpha = square / curvature
        z = z + alpha * d
        r = r + alpha * bent
        before, square = square, dot(r, r)
        if square <= enough:
            break
        d = -r + (square / before) * d
    return z
