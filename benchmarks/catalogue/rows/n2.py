"""N2: steepest descent, with several ways to choose a step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.problems import VALLEY, rosenbrock
from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline.calculus import minimize

STEPS = ("best", "forecast", "armijo", "wolfe")
RATES = tuple(2.0**-k for k in range(2, 12))

ROW = Row(
    id="N2",
    name="Steepest descent",
    sentence="a constant step, the best of several, the least point of the second-order forecast, or a line "
    "search for the Armijo or the strong Wolfe conditions; one objective a member, all its rows at once",
    source="Nocedal & Wright 2006, algorithms 3.1, 3.5, 3.6; Goodfellow et al. 2016, section 4.3",
    functions=("pipeline.calculus.minimize", "pipeline.calculus.descent"),
    stages=("train.descent",),
    dags=("steepest.yaml",),
    bars={
        **{f"Rosenbrock, {step}: value reached": AtMost(1e-8) for step in STEPS},
        "iterations that went up": AtMost(0),
        "diabetes: highest objective, of the least": AtMost(1.01),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how far down the valley each way to step leads, and on diabetes beside the exact solution."""
    f, found = rosenbrock(), {}
    for step in STEPS:
        options = {"rates": RATES} if step == "best" else {"rate": 1e-3}
        found[step] = minimize(f, VALLEY, "descent", step=step, iterations=30000, tolerance=5e-5, **options)
    results = runs("steepest.yaml")
    objectives = [trial["metrics"]["fit.objective"] for trial in results.trials]
    least = metrics(results, "exact")["objective"]
    return {
        **{f"Rosenbrock, {step}: value reached": end.value for step, end in found.items()},
        "iterations that went up": float(sum((np.diff(end.values) > 0).sum() for end in found.values())),
        "diabetes: highest objective, of the least": max(objectives) / least,
    }
