"""Steepest descent, with each way to choose the length of its step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.choice import chosen
from pipeline.calculus.forecast import UphillWarning
from pipeline.calculus.line_search import Search, Step, armijo, dot, wolfe
from pipeline.calculus.methods.steps import begun, finite, iterate, vanishes
from pipeline.calculus.requests import Curve, Method, Reason, Slope, Value

Array = npt.NDArray[Any]
RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def descent(
    w: Array,
    *,
    step: str = "armijo",
    rate: float = 0.1,
    rates: Sequence[float] = RATES,
    tolerance: float = 1e-5,
) -> Method:
    """Step against the gradient; `step` says how far.  Goodfellow et al. 2016, section 4.3.

    `constant`: rate times the gradient, uphill or not; `best`: the best of `rates`; `forecast`: g'g/g'Hg,
    least in the second-order forecast, shortened until it decreases; `armijo` and `wolfe`: a line search,
    whose first trial is `rate` and afterwards follows from the last step.
    """
    choose = chosen(STEPS, step, "there is no step")
    at = yield from begun(w)
    last: Step | None = None
    warned = False
    while not vanishes(at, tolerance):
        if not finite(at):
            return Reason.UNBOUNDED
        found = yield from choose(_Asked(at, last, rate, rates))
        if found is None:
            return Reason.STUCK
        if not warned and _rises(found, at):
            warned = True
            _warn(found, at)
        last, at = at, found
        yield iterate(at)
    return Reason.CONVERGED


def _rises(step: Step, before: Step) -> bool:
    """Return whether a step goes uphill by more than rounding does."""
    rounding = 8 * float(np.finfo(step.gradient.dtype).eps) * abs(before.value)
    return step.value > before.value + rounding


def _warn(step: Step, before: Step) -> None:
    warnings.warn(
        f"a step of rate {step.length:g} goes uphill, from {before.value:g} to {step.value:g}: "
        "take a rate below 2/λ, λ the largest eigenvalue of the Hessian (evaluate.curvature tells it)",
        UphillWarning,
        stacklevel=2,
    )


@dataclass(frozen=True)
class _Asked:
    """From where to step, where the last step came from, and the options."""

    at: Step
    last: Step | None
    rate: float
    rates: Sequence[float]


def _constant(asked: _Asked) -> Search:
    w = asked.at.w - asked.rate * asked.at.gradient
    value, gradient = yield Slope(w)
    return Step(asked.rate, w, value, gradient)


def _best(asked: _Asked) -> Search:
    at, best, least = asked.at, 0.0, asked.at.value
    for rate in asked.rates:
        value = yield Value(at.w - rate * at.gradient)
        if value < least:
            best, least = rate, value
    if not best:
        return None
    w = at.w - best * at.gradient
    value, gradient = yield Slope(w)
    return Step(best, w, value, gradient)


def _forecast(asked: _Asked) -> Search:
    g = asked.at.gradient
    product = yield Curve(asked.at.w, g)
    curvature = dot(g, product)
    # where the function bends downwards there is no least point: the step of an ordinary search
    first = dot(g, g) / curvature if curvature > 0 else asked.rate
    return (yield from armijo(asked.at, -g, first=first if math.isfinite(first) else asked.rate))


def _armijo(asked: _Asked) -> Search:
    first = asked.rate if asked.last is None else 2 * asked.at.length
    return (yield from armijo(asked.at, -asked.at.gradient, first=first))


def _wolfe(asked: _Asked) -> Search:
    """Begin where the last step's first-order change would be met again (Nocedal & Wright 2006, p. 59)."""
    at, last, first = asked.at, asked.last, asked.rate
    if last is not None:
        first = at.length * dot(last.gradient, last.gradient) / dot(at.gradient, at.gradient)
    return (yield from wolfe(at, -at.gradient, first=first, curvature=0.1))


STEPS: Mapping[str, Callable[[_Asked], Search]] = MappingProxyType(
    {"constant": _constant, "best": _best, "forecast": _forecast, "armijo": _armijo, "wolfe": _wolfe}
)
