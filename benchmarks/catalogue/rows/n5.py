"""N5: critical points told by the Hessian's eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import numpy as np

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import Runs, values
from pipeline import ops
from pipeline.calculus import Function, classify

POINTS = {
    "minimum": lambda x: ops.sum(x * x),
    "maximum": lambda x: -ops.sum(x * x),
    "saddle": lambda x: x[0] * x[0] - x[1] * x[1],
    "inconclusive": lambda x: ops.sum(x**4),
}

ROW = Row(
    id="N5",
    name="Critical points",
    sentence="all eigenvalues of the Hessian above 0: a minimum; all below: a maximum; both: a saddle; some "
    "zero and the rest of one sign: inconclusive; digits nets with little decay end in a minimum, nets that "
    "much decay holds near zero on a saddle (3 seeds each)",
    source="Goodfellow et al. 2016, section 4.3.1",
    functions=("pipeline.calculus.classify", "pipeline.calculus.kind_of"),
    stages=("evaluate.curvature",),
    dags=("curvature.yaml",),
    bars={
        "x², -x², x² - y², x⁴: share told rightly": AtLeast(1),
        "trained nets: share that is a minimum": AtLeast(1),
        "nets held near zero: share on a saddle": AtLeast(1),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the shares of points that are told rightly."""
    results = runs("curvature.yaml")
    told = [classify(Function(f, np.zeros(2)), np.zeros(2)) == kind for kind, f in POINTS.items()]
    return {
        "x², -x², x² - y², x⁴: share told rightly": fmean(told),
        "trained nets: share that is a minimum": fmean(
            values(results, "around", "is_minimum", decay__strength=1e-4)
        ),
        "nets held near zero: share on a saddle": fmean(
            values(results, "around", "is_saddle", decay__strength=1)
        ),
    }
