"""Methods of minimisation, each a generator written for one member (`pipeline.calculus.requests`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.calculus.methods.conjugate_gradient import conjugate_gradient, linear_conjugate_gradient
from pipeline.calculus.methods.descent import descent
from pipeline.calculus.methods.lbfgs import lbfgs
from pipeline.calculus.methods.newton import newton
from pipeline.calculus.methods.newton_cg import gauss_newton, newton_cg
from pipeline.calculus.requests import Method

METHODS: Mapping[str, Callable[..., Method]] = MappingProxyType(
    {
        method.__name__: method
        for method in (
            descent,
            newton,
            newton_cg,
            gauss_newton,
            conjugate_gradient,
            linear_conjugate_gradient,
            lbfgs,
        )
    }
)

__all__ = [
    "METHODS",
    "conjugate_gradient",
    "descent",
    "gauss_newton",
    "lbfgs",
    "linear_conjugate_gradient",
    "newton",
    "newton_cg",
]
