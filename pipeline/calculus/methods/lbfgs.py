"""Limited-memory BFGS."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.line_search import dot, wolfe
from pipeline.calculus.methods.steps import begun, iterate, vanishes
from pipeline.calculus.requests import Method, Reason

Array = npt.NDArray[Any]


def lbfgs(w: Array, *, memory: int = 10, tolerance: float = 1e-5) -> Method:
    """Step along an inverse Hessian that the last `memory` steps tell.  Nocedal & Wright 2006, alg. 7.5.

    Strong Wolfe conditions keep what it learns positive definite; a step that tells nothing is left out.
    """
    at = yield from begun(w)
    pairs: deque[tuple[Array, Array]] = deque(maxlen=memory)
    while not vanishes(at, tolerance):
        d = -_product(pairs, at.gradient)
        first = 1.0 if pairs else min(1.0, 1.0 / float(np.linalg.norm(at.gradient)))
        step = yield from wolfe(at, d, first=first)
        if step is None and pairs:
            pairs.clear()  # what was learnt may mislead: once more along the gradient
            continue
        if step is None:
            return Reason.STUCK
        s, y = step.w - at.w, step.gradient - at.gradient
        if dot(s, y) > np.finfo(w.dtype).eps * dot(y, y):
            pairs.append((s, y))
        at = step
        yield iterate(at)
    return Reason.CONVERGED


def _product(pairs: deque[tuple[Array, Array]], g: Array) -> Array:
    """Return the inverse Hessian's product with g by two loops over the pairs (s, y) (algorithm 7.4)."""
    q, factors = g.copy(), []
    for s, y in reversed(pairs):
        alpha = dot(s, q) / dot(s, y)
        factors.append(alpha)
        q -= alpha * y
    if pairs:
        s, y = pairs[-1]
        q *= dot(s, y) / dot(y, y)
    for (s, y), alpha in zip(pairs, reversed(factors), strict=True):
        q += (alpha - dot(y, q) / dot(s, y)) * s
    return q
