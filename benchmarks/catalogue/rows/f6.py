"""F6: why a descent does not get on: plateau, saddle, poor minimum."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import numpy as np

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import Runs, values
from pipeline import ops
from pipeline.calculus import Function, diagnose

BENT = np.linspace(-1, 1, 21)  # |x| on these is what a net of one unit cannot fit

ROW = Row(
    id="F6",
    name="Plateau, saddle or poor minimum",
    sentence="told by the gradient's length, the extreme eigenvalues and the values around, without a "
    "Hessian; on digits: a net trained by L-BFGS is in a minimum, one held near zero on a saddle, one of six "
    "sigmoid layers on a plateau (3 seeds each)",
    source="Goodfellow et al. 2016, sections 4.3.1 and 8.2",
    functions=("pipeline.calculus.diagnose",),
    stages=("evaluate.curvature",),
    dags=("curvature.yaml",),
    bars={
        "monkey saddle, plateau, poor minimum: share told": AtLeast(1),
        "digits, trained: share in a minimum": AtLeast(1),
        "digits, near zero: share on a saddle": AtLeast(1),
        "digits, deep sigmoid: share on a plateau": AtLeast(1),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the shares of functions and nets that are diagnosed rightly."""
    results = runs("curvature.yaml")
    around = {
        strength: lambda kind, s=strength: fmean(values(results, "around", kind, decay__strength=s))
        for strength in (1e-4, 1)
    }
    return {
        "monkey saddle, plateau, poor minimum: share told": fmean(_functions()),
        "digits, trained: share in a minimum": around[1e-4]("is_minimum"),
        "digits, near zero: share on a saddle": around[1]("is_saddle"),
        "digits, deep sigmoid: share on a plateau": fmean(values(results, "around_deep", "is_plateau")),
    }


def _functions() -> list[bool]:
    monkey = Function(lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2, np.zeros(2))
    plateau = Function(lambda x: 1 - ops.exp(-ops.sum(x * x)), np.zeros(2))
    unit = Function(lambda w: ops.mean((ops.softplus(8 * w[0] * BENT) / 8 - np.abs(BENT)) ** 2), np.zeros(1))
    at = np.array([1.0])
    for _ in range(50):
        at = at - unit.gradient(at) / abs(unit.hessian(at)[0, 0])
    return [
        diagnose(monkey, np.zeros(2), radius=0.5).kind == "saddle",
        diagnose(plateau, np.array([6.0, 0.0])).kind == "plateau",
        diagnose(unit, at, low=0.05).kind == "poor minimum",
    ]
