"""What a step against the gradient will do, by the second-order Taylor polynomial."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.function import Function

Array = npt.NDArray[Any]


class UphillWarning(UserWarning):
    """A step against the gradient has made the function larger: it was too long."""


@dataclass(frozen=True)
class Forecast:
    """f(x - εg) ≈ f - ε g'g + ½ε² g'Hg (Goodfellow et al. 2016, equation 4.9).

    `value` is f, `slope` g'g, `curvature` g'Hg.
    """

    value: float
    slope: float
    curvature: float

    def at(self, rate: float) -> float:
        """Return the forecast of f after a step of `rate` ε."""
        return self.value - rate * self.slope + 0.5 * rate * rate * self.curvature

    @property
    def best_rate(self) -> float:
        """The rate of the lowest forecast, g'g/g'Hg; infinite where the function bends downwards."""
        return self.slope / self.curvature if self.curvature > 0 else math.inf

    def goes_uphill(self, rate: float) -> bool:
        """Return whether a step of `rate` is forecast to make f larger: from twice the best rate on."""
        return self.at(rate) > self.value


def forecast(f: Function, x: npt.ArrayLike) -> Forecast:
    """Return what steps against the gradient at `x` will do to a scalar function; no Hessian is formed."""
    g: Array = f.gradient(x)
    return Forecast(float(f.value(x)), float(np.vdot(g, g)), f.curvature(x, g))
