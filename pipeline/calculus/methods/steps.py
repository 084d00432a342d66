"""What methods have in common: where they begin, what they give, when they have arrived."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.line_search import Step
from pipeline.calculus.requests import Iterate, Request, Slope

Array = npt.NDArray[Any]


def begun(w: Array) -> Generator[Request, Any, Step]:
    """Return the start as a step of no length."""
    value, gradient = yield Slope(w)
    return Step(0.0, w, value, gradient)


def iterate(step: Step) -> Iterate:
    """Return what an iteration gives."""
    return Iterate(step.w, step.value, step.gradient)


def vanishes(step: Step, tolerance: float) -> bool:
    """Return whether no element of the gradient is larger than `tolerance`."""
    return float(np.abs(step.gradient).max()) <= tolerance


def finite(step: Step) -> bool:
    """Return whether the value and the gradient are numbers."""
    return math.isfinite(step.value) and bool(np.isfinite(step.gradient).all())
