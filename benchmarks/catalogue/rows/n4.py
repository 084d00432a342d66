"""N4: what a step will do, by the second-order forecast; learning rates that the curvature proposes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.problems import difference, least_squares
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics, values
from pipeline.calculus import UphillWarning, extremes, forecast, minimize

ROW = Row(
    id="N4",
    name="Second-order forecast of a step, proposed learning rates",
    sentence="f(x - εg) ≈ f - ε g'g + ½ε² g'Hg, least at g'g/g'Hg; 1/λmax goes down on a quadratic; a "
    "step that goes uphill gives a warning; evaluate.curvature proposes a rate for any trained net",
    source="Goodfellow et al. 2016, equations 4.8 to 4.10",
    functions=("pipeline.calculus.forecast", "pipeline.calculus.extremes"),
    stages=("evaluate.curvature", "train.descent"),
    dags=("curvature.yaml", "steepest.yaml"),
    bars={
        "quadratic: error of the forecast": AtMost(1e-9),
        "trained nets: error of the forecast fall": AtMost(0.1),
        "trained at the proposed rate: objective, of the least": AtMost(1.01),
        "at 2.1/λmax: objective, of the start's": AtLeast(100),
        "at 2.1/λmax: warnings": AtLeast(1),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how true forecasts are, and what becomes of training at the proposed rate and beyond."""
    results = runs("steepest.yaml")
    rate = metrics(results, "around")["proposed_rate"]
    steady = metrics(runs("steepest.yaml", steady__rate=rate), "steady")["objective"]
    return {
        "quadratic: error of the forecast": _exact(),
        "trained nets: error of the forecast fall": _trained(runs),
        "trained at the proposed rate: objective, of the least": steady
        / metrics(results, "exact")["objective"],
        **_beyond(),
    }


def _exact() -> float:
    f, w = least_squares(), np.ones(11)
    ahead, g = forecast(f, w), f.gradient(w)
    return max(difference(ahead.at(rate), f(w - rate * g)) for rate in (0.01, 0.1, 1.0))


def _trained(runs: Runs) -> float:
    results = runs("curvature.yaml")
    named = ("loss", "forecast", "loss_after_step")
    columns = (values(results, "around", name, decay__strength=1e-4) for name in named)
    return max(difference(loss - ahead, loss - after) for loss, ahead, after in zip(*columns, strict=True))


def _beyond() -> Mapping[str, float]:
    f, start = least_squares(), np.zeros(11)
    largest = extremes(lambda v: f.hessian_product(start, v), 11).largest
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        away = minimize(f, start, "descent", step="constant", rate=2.1 / largest, iterations=200)
    uphill = [one for one in given if issubclass(one.category, UphillWarning)]
    return {
        "at 2.1/λmax: objective, of the start's": away.value / f(start),
        "at 2.1/λmax: warnings": float(len(uphill)),
    }
