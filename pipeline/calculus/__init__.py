"""Derivatives of functions written with `ops`, and methods of minimisation that use them."""

from __future__ import annotations

from pipeline.calculus.function import Function
from pipeline.calculus.methods.lbfgs import lbfgs
from pipeline.calculus.minimize import Minimum, minimize

__all__ = ["Function", "Minimum", "lbfgs", "minimize"]
