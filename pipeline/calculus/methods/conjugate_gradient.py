"""Conjugate gradients: of a linear system, and of any function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.line_search import dot, wolfe
from pipeline.calculus.methods.steps import begun, finite, iterate, vanishes
from pipeline.calculus.requests import Curve, Method, Reason, Slope

Array = npt.NDArray[Any]


def solve(
    product: Callable[[Array], Array], b: Array, *, tolerance: float = 1e-10, iterations: int | None = None
) -> Array:
    """Return x with A x = b, A symmetric and positive definite, from products with A alone.

    Ends when the residual is `tolerance` times |b|, or after `iterations` (by default twice the size).
    Hestenes & Stiefel 1952; Nocedal & Wright 2006, algorithm 5.2.
    """
    x, r = np.zeros_like(b), -b
    d, square = b, dot(b, b)
    enough = tolerance**2 * square
    for _ in range(2 * b.size if iterations is None else iterations):
        if square <= enough:
            break
        bent = product(d)
        alpha = square / dot(d, bent)
        x = x + alpha * d
        r = r + alpha * bent
        before, square = square, dot(r, r)
        d = -r + (square / before) * d
    return x


def linear_conjugate_gradient(w: Array, *, tolerance: float = 1e-5) -> Method:
    """Minimise a quadratic: exact steps along conjugate directions, as many as it has distinct eigenvalues.

    The gradient is computed anew at each step, so that rounding does not add up.  Ends where the function
    bends downwards.  Nocedal & Wright 2006, algorithm 5.2.
    """
    at = yield from begun(w)
    d = -at.gradient
    while not vanishes(at, tolerance):
        bent = yield Curve(at.w, d)
        curvature = dot(d, bent)
        if not curvature > 0:
            return Reason.UNBOUNDED
        length = -dot(at.gradient, d) / curvature
        there = at.w + length * d
        value, gradient = yield Slope(there)
        d = -gradient + (dot(gradient, bent) / curvature) * d
        at = type(at)(length, there, value, gradient)
        yield iterate(at)
    return Reason.CONVERGED


def conjugate_gradient(w: Array, *, tolerance: float = 1e-5) -> Method:
    """Step along conjugate directions, by the rule of Polak and Ribière kept from below 0, and a line search.

    It starts anew along the gradient where a direction does not lead down.  Nocedal & Wright 2006,
    algorithm 5.4 with equation 5.45; the first trial of a step is the one whose first-order change would
    be that of the last step (p. 59).
    """
    at = yield from begun(w)
    d, first = -at.gradient, _unit(at.gradient)
    while not vanishes(at, tolerance):
        if not finite(at):
            return Reason.UNBOUNDED
        step = yield from wolfe(at, d, first=first, curvature=0.1)
        if step is None and np.array_equal(d, -at.gradient):
            return Reason.STUCK
        if step is None:
            d, first = -at.gradient, _unit(at.gradient)
            continue
        d = _turned(d, at.gradient, step.gradient)
        slope = dot(step.gradient, d)
        first = min(1.0, 2.02 * (step.value - at.value) / slope) if slope else 1.0
        at = step
        yield iterate(at)
    return Reason.CONVERGED


def _turned(d: Array, before: Array, g: Array) -> Array:
    """Return the next direction (equation 5.45); the gradient's where that one hardly leads down."""
    beta = max(0.0, dot(g, g - before) / dot(before, before))
    turned: Array = -g + beta * d
    return turned if dot(g, turned) < -0.01 * dot(g, g) else -g


def _unit(g: Array) -> float:
    """Return the step along -g that has length 1."""
    norm = float(np.linalg.norm(g))
    return 1.0 / norm if norm else 1.0
