"""Newton's method: plain, damped by a line search, and saddle-free.  It forms the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.choice import chosen
from pipeline.calculus.line_search import Step, armijo, dot
from pipeline.calculus.methods.steps import begun, finite, iterate, vanishes
from pipeline.calculus.requests import Matrix, Method, Reason, Slope
from pipeline.errors import OptionError

Array = npt.NDArray[Any]
LARGEST = 4000  # weights: the Hessian of as many takes 128 MB in float64
LEAST = 1e-3  # of a Hessian's diagonal that is added where it is not positive definite (algorithm 3.3)


def newton(w: Array, *, variant: str = "damped", tolerance: float = 1e-5) -> Method:
    """Step by -H⁻¹g, from one Hessian to the next; `variant` says what becomes of negative curvature.

    `plain`: the whole step, towards any critical point.  `damped`: H + τI, τ the least of a series that
    makes it positive definite (Nocedal & Wright 2006, algorithm 3.3), and a line search.  `saddle_free`:
    |H|, with the eigenvalues' absolute values, and a line search (Dauphin et al. 2014, arXiv:1406.2572).
    """
    direction = chosen(DIRECTIONS, variant, "there is no variant")
    if w.size > LARGEST:
        raise OptionError(
            f"Newton's method forms the Hessian, and that of {w.size} weights is too large\n"
            f"    use newton_cg, which forms none, or at most {LARGEST} weights"
        )
    at = yield from begun(w)
    while not vanishes(at, tolerance):
        hessian = yield Matrix(at.w)
        if not finite(at) or not np.isfinite(hessian).all():
            return Reason.UNBOUNDED
        d = direction(hessian, at.gradient)
        if d is None:
            return Reason.SINGULAR
        if variant == "plain":
            value, gradient = yield Slope(at.w + d)
            step: Step | None = Step(1.0, at.w + d, value, gradient)
        else:
            step = yield from armijo(at, d)
        if step is None:
            return Reason.STUCK
        at = step
        yield iterate(at)
    return Reason.CONVERGED


def _plain(hessian: Array, g: Array) -> Array | None:
    try:
        d = -np.linalg.solve(hessian, g)
    except np.linalg.LinAlgError:
        return None
    return d if np.isfinite(d).all() else None


def _damped(hessian: Array, g: Array) -> Array | None:
    diagonal = np.diagonal(hessian)
    scale = LEAST * max(float(np.abs(diagonal).max()), 1.0)
    shift = 0.0 if diagonal.min() > 0 else scale - float(diagonal.min())
    for _ in range(100):
        try:
            lower = np.linalg.cholesky(hessian + hessian.dtype.type(shift) * np.eye(len(g), dtype=g.dtype))
        except np.linalg.LinAlgError:
            shift = max(2 * shift, scale)
            continue
        d: Array = -np.linalg.solve(lower.T, np.linalg.solve(lower, g))
        if np.isfinite(d).all() and dot(d, g) < 0:
            return d
        shift = max(2 * shift, scale)
    return None


def _saddle_free(hessian: Array, g: Array) -> Array | None:
    values, vectors = np.linalg.eigh(hessian)
    sizes = np.abs(values)
    # along a direction without curvature there is no Newton step: a step as if it bent a little
    least = max(float(sizes.max()) * float(np.sqrt(np.finfo(g.dtype).eps)), np.finfo(g.dtype).tiny)
    d: Array = -vectors @ ((vectors.T @ g) / np.maximum(sizes, g.dtype.type(least)))
    return d


DIRECTIONS: Mapping[str, Callable[[Array, Array], Array | None]] = MappingProxyType(
    {"plain": _plain, "damped": _damped, "saddle_free": _saddle_free}
)
