"""N6: the Hessian's condition number, and the harm it does; extreme eigenvalues by Lanczos."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.problems import difference, least_squares, logistic
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import ops
from pipeline.calculus import Extremes, Function, extremes, minimize

ROW = Row(
    id="N6",
    name="Condition number, extreme eigenvalues",
    sentence="Lanczos with full reorthogonalisation finds the extreme eigenvalues from products; gradient "
    "descent at its best constant step shrinks the distance by (κ - 1)/(κ + 1) a step, κ = 478 on diabetes",
    source="Lanczos 1950; Golub & Van Loan 2013, section 10.1; Nocedal & Wright 2006, theorem 3.3",
    functions=("pipeline.calculus.extremes",),
    stages=("evaluate.curvature",),
    dags=("steepest.yaml",),
    bars={
        "eigenvalues, relative difference to SciPy's eigsh": AtMost(1e-8),
        "diabetes: contraction, relative to (κ-1)/(κ+1)": AtMost(0.05),
        "diabetes: 1 less contraction, relative to 2/(κ+1)": AtMost(0.05),
        "steps at κ 1,000, of those at 10": AtLeast(50),
        "trained regression: condition number": AtLeast(100),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how near eigenvalues and contraction are to theory, and how many steps conditioning costs."""
    met, gap = _contraction()
    return {
        "eigenvalues, relative difference to SciPy's eigsh": _to_scipy(),
        "diabetes: contraction, relative to (κ-1)/(κ+1)": met,
        "diabetes: 1 less contraction, relative to 2/(κ+1)": gap,
        "steps at κ 1,000, of those at 10": _steps(1000) / _steps(10),
        "trained regression: condition number": metrics(runs("steepest.yaml"), "around")["condition"],
    }


def _of(f: Function, w: np.ndarray) -> Extremes:
    return extremes(lambda v: f.hessian_product(w, v), w.size)


def _to_scipy() -> float:
    from scipy.sparse.linalg import LinearOperator, eigsh

    f, w = logistic(), 0.1 * np.ones(31)
    product = LinearOperator((31, 31), matvec=lambda v: f.hessian_product(w, v.ravel()), dtype=float)
    theirs = [eigsh(product, k=1, which=which)[0][0] for which in ("SA", "LA")]
    found = _of(f, w)
    return max(difference(found.smallest, theirs[0]), difference(found.largest, theirs[1]))


def _contraction() -> tuple[float, float]:
    """Measure descent's contraction far from the start, where the slowest directions are left."""
    f, start = least_squares(), np.zeros(11)
    bent, low = _of(f, start), np.linalg.solve(f.hessian(start), -f.gradient(start))
    rate, count = 2 / (bent.smallest + bent.largest), 1000
    ends = [
        minimize(f, start, "descent", step="constant", rate=rate, iterations=n, tolerance=0).x
        for n in (count, count + 100)
    ]
    first, second = (float(np.linalg.norm(end - low)) for end in ends)
    measured, wanted = (second / first) ** 0.01, (bent.condition - 1) / (bent.condition + 1)
    return difference(measured, wanted), difference(1 - measured, 1 - wanted)


def _steps(condition: float) -> float:
    """Count steps until the gradient is a thousandth, on a parabola with eigenvalues 1 to `condition`."""
    values = np.geomspace(1, condition, 20)
    f, start = Function(lambda x: 0.5 * ops.sum(values * x * x), values), np.ones(20)
    rate = 2 / (1 + condition)
    found = minimize(f, start, "descent", step="constant", rate=rate, iterations=100000, tolerance=1e-3)
    return float(found.iterations)
