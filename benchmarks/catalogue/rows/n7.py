"""N7: Newton's method and its kin, conjugate gradients, L-BFGS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.catalogue.problems import VALLEY, difference, least_squares, logistic, rosenbrock
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline.calculus import Function, minimize, solve

# plait's method and variant, SciPy's that does the same, and the name that its tolerance has
PAIRS = {
    "L-BFGS": ("lbfgs", {}, "L-BFGS-B", {"gtol": 1e-5, "ftol": 0}),
    "conjugate gradient": ("conjugate_gradient", {}, "CG", {"gtol": 1e-5}),
    "Newton-CG": ("newton_cg", {}, "Newton-CG", {"xtol": 1e-8}),
    "damped Newton": ("newton", {"variant": "damped"}, "trust-exact", {"gtol": 1e-5}),
    "saddle-free Newton": ("newton", {"variant": "saddle_free"}, "trust-exact", {"gtol": 1e-5}),
}
NODES = ("lbfgs", "conjugate", "newton", "newton_cg", "gauss_newton")

ROW = Row(
    id="N7",
    name="Newton's method, Newton-CG, Gauss-Newton, conjugate gradients, L-BFGS",
    sentence="each a generator written for one member, that asks for values, slopes, products; a cohort's "
    "requests are answered in batched calls; as few iterations as SciPy's on Rosenbrock's function and on "
    "logistic regression (breast_cancer)",
    source="Nocedal & Wright 2006, algorithms 3.3, 5.2, 5.4, 7.1, 7.4, 7.5; Dauphin et al. 2014",
    functions=(
        "pipeline.calculus.newton",
        "pipeline.calculus.newton_cg",
        "pipeline.calculus.gauss_newton",
        "pipeline.calculus.conjugate_gradient",
        "pipeline.calculus.linear_conjugate_gradient",
        "pipeline.calculus.solve",
        "pipeline.calculus.lbfgs",
    ),
    stages=(
        "train.newton",
        "train.newton_cg",
        "train.gauss_newton",
        "train.conjugate_gradient",
        "train.lbfgs",
    ),
    dags=("second_order.yaml",),
    bars={
        **{f"{name}: most iterations, of SciPy's": AtMost(1.2) for name in PAIRS},
        "largest difference of an optimum's value to SciPy's": AtMost(1e-6),
        "diabetes: Newton's steps": AtMost(1),
        "diabetes: linear conjugate gradient, to the solution": AtMost(1e-8),
        "breast_cancer net: highest training loss, of Adam's": AtMost(1.0),
        "breast_cancer net: least accuracy less Adam's": AtLeast(-0.02),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return iterations beside SciPy's on two functions, and how nets end in the DAG file."""
    pairs = {name: list(_beside(*pair)) for name, pair in PAIRS.items()}
    results = runs("second_order.yaml")
    adam = metrics(results, "of_adam")["accuracy"]
    worst = max(metrics(results, node)["train_loss"] for node in NODES)
    least = min(metrics(results, f"of_{node}")["accuracy"] for node in NODES)
    return {
        **{f"{name}: most iterations, of SciPy's": max(r for r, _ in found) for name, found in pairs.items()},
        "largest difference of an optimum's value to SciPy's": max(d for v in pairs.values() for _, d in v),
        **_quadratic(),
        "breast_cancer net: highest training loss, of Adam's": worst / metrics(results, "fit")["train_loss"],
        "breast_cancer net: least accuracy less Adam's": least - adam,
    }


def _beside(
    method: str, options: Mapping[str, Any], theirs: str, their_options: Mapping[str, Any]
) -> Iterator[tuple[float, float]]:
    """Yield for both functions the ratio of iterations and the difference of the values reached."""
    from scipy.optimize import minimize as scipys

    for f, start in ((rosenbrock(), VALLEY), (logistic(), np.zeros(31))):
        hessian = {} if theirs in ("L-BFGS-B", "CG") else {"hess": f.hessian}
        found = minimize(f, start, method, **options)
        other = scipys(f, start, jac=f.gradient, method=theirs, options=dict(their_options), **hessian)
        yield found.iterations / other.nit, abs(found.value - float(other.fun))


def _quadratic() -> Mapping[str, float]:
    f: Function = least_squares()
    start = np.zeros(11)
    x = solve(lambda v: f.hessian_product(start, v), -f.gradient(start))
    exact = np.linalg.solve(f.hessian(start), -f.gradient(start))
    steps = minimize(f, start, "newton", variant="plain").iterations
    return {
        "diabetes: Newton's steps": float(steps),
        "diabetes: linear conjugate gradient, to the solution": difference(x, exact),
    }
