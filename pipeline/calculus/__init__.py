"""Derivatives of functions written with `ops`, methods of minimisation, what curvature tells of a point."""

from __future__ import annotations

from pipeline.calculus.critical import classify, kind_of
from pipeline.calculus.diagnosis import Diagnosis, diagnose
from pipeline.calculus.drawing import draw
from pipeline.calculus.forecast import Forecast, UphillWarning, forecast
from pipeline.calculus.function import Function
from pipeline.calculus.lanczos import Extremes, extremes
from pipeline.calculus.methods import (
    conjugate_gradient,
    descent,
    gauss_newton,
    lbfgs,
    linear_conjugate_gradient,
    newton,
    newton_cg,
)
from pipeline.calculus.methods.conjugate_gradient import solve
from pipeline.calculus.minimize import Minimum, minimize
from pipeline.calculus.sweeps import Node, sweeps

__all__ = [
    "Diagnosis",
    "Extremes",
    "Forecast",
    "Function",
    "Minimum",
    "Node",
    "UphillWarning",
    "classify",
    "conjugate_gradient",
    "descent",
    "diagnose",
    "draw",
    "extremes",
    "forecast",
    "gauss_newton",
    "kind_of",
    "lbfgs",
    "linear_conjugate_gradient",
    "minimize",
    "newton",
    "newton_cg",
    "solve",
    "sweeps",
]
