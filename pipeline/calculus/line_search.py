"""Line searches along a direction of descent, for one member: parts of methods, entered by `yield from`.

Each returns the point that it chose, or None where no step decreases the function enough: in finite
precision that is where the decrease drowns in rounding.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.requests import Request, Slope, Value

Array = npt.NDArray[Any]
Search = Generator[Request, Any, "Step | None"]
TRIALS = 40  # of a step, before a search gives up


@dataclass(frozen=True, eq=False)
class Step:
    """The point `w` that a step of `length` along a direction has reached, its value and gradient."""

    length: float
    w: Array
    value: float
    gradient: Array


def dot(a: Array, b: Array) -> float:
    """Return a'b as a number of Python's, which keeps arrays in their dtype."""
    return float(np.dot(a, b))


def armijo(at: Step, d: Array, *, first: float = 1.0, decrease: float = 1e-4, shrink: float = 0.5) -> Search:
    """Shrink the step until it decreases enough.  Nocedal & Wright 2006, algorithm 3.1."""
    slope, length = dot(at.gradient, d), first
    for _ in range(TRIALS):
        w = at.w + length * d
        value = yield Value(w)
        if value <= at.value + decrease * length * slope and value < at.value:
            value, gradient = yield Slope(w)
            return Step(length, w, value, gradient)
        length *= shrink
    return None


def wolfe(
    at: Step, d: Array, *, first: float = 1.0, decrease: float = 1e-4, curvature: float = 0.9
) -> Search:
    """Find a step that meets the strong Wolfe conditions.  Nocedal & Wright 2006, algorithm 3.5."""
    slope = dot(at.gradient, d)
    if not slope < 0:
        return None
    low, length = Step(0.0, at.w, at.value, at.gradient), first
    for trial in range(TRIALS):
        step = yield from _try(at.w, d, length)
        if _too_high(step, at, decrease * slope) or (trial > 0 and step.value >= low.value):
            return (yield from _zoom(at, d, low, step, decrease, curvature))
        ahead = dot(step.gradient, d)
        if abs(ahead) <= -curvature * slope:
            return step
        if ahead >= 0:
            return (yield from _zoom(at, d, step, low, decrease, curvature))
        low, length = step, _beyond(low, step, d)
    return None


def _zoom(at: Step, d: Array, low: Step, high: Step, decrease: float, curvature: float) -> Search:
    """Find the step between `low`, the lowest so far that decreases enough, and `high` (algorithm 3.6)."""
    slope = dot(at.gradient, d)
    for _ in range(TRIALS):
        length = _between(low, high, d)
        if length in (low.length, high.length):
            break  # the interval has no number in it any more
        step = yield from _try(at.w, d, length)
        if _too_high(step, at, decrease * slope) or step.value >= low.value:
            high = step
            continue
        ahead = dot(step.gradient, d)
        if abs(ahead) <= -curvature * slope:
            return step
        if ahead * (high.length - low.length) >= 0:
            high = low
        low = step
    return low if low.value < at.value else None


def _try(w: Array, d: Array, length: float) -> Generator[Request, Any, Step]:
    there = w + length * d
    value, gradient = yield Slope(there)
    return Step(length, there, value, gradient)


def _too_high(step: Step, at: Step, slope: float) -> bool:
    return not math.isfinite(step.value) or step.value > at.value + step.length * slope


def _between(low: Step, high: Step, d: Array) -> float:
    """Return the least point of the cubic; the middle where that is not inside, a tenth from either end."""
    a, b = sorted((low.length, high.length))
    margin, middle = 0.1 * (b - a), 0.5 * (a + b)
    least = _least(low, high, d) if math.isfinite(high.value) else middle
    return least if a + margin <= least <= b - margin else middle


def _beyond(low: Step, step: Step, d: Array) -> float:
    """Return the least point of the cubic beyond the last trial, as far as ten times; else twice as far."""
    least = _least(low, step, d)
    return least if 1.1 * step.length <= least <= 10 * step.length else 2 * step.length


def _least(low: Step, high: Step, d: Array) -> float:
    """Return where a cubic through both ends' values and slopes is least (equation 3.59), or NaN."""
    a, b = low.length, high.length
    da, db = dot(low.gradient, d), dot(high.gradient, d)
    d1 = da + db - 3 * (low.value - high.value) / (a - b)
    square = d1 * d1 - da * db
    if not square >= 0:
        return math.nan
    d2 = math.copysign(math.sqrt(square), b - a)
    divisor = db - da + 2 * d2
    return b - (b - a) * (db + d2 - d1) / divisor if divisor else math.nan
