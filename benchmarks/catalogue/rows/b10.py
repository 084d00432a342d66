"""B10: what is lost between training rows and others, and how much a family of models can say."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from pipeline.capacity import shattered
from pipeline.report.standings import simplest_standing, standings
from pipeline.results import Results

ROW = Row(
    id="B10",
    name="Generalisation",
    sentence="gaps between splits, a learning curve over training sizes, a capacity sweep over polynomial "
    "degrees, the VC bound of linear classifiers, points shattered, and in every table of settings the first "
    "listed that is within one standard error of the best",
    source="Vapnik 1998, (4.41); Breiman et al. 1984, section 3.4.3; Blumer et al. 1987",
    stages=(
        "evaluate.generalisation",
        "evaluate.curve",
        "evaluate.vc_bound",
        "transform.subset",
        "transform.polynomial",
    ),
    functions=("pipeline.capacity.vc_bound", "pipeline.capacity.shattered", "pipeline.capacity.simplest"),
    dags=("capacity.yaml", "learning_curve.yaml", "vc_bound.yaml"),
    bars={
        "largest rise of the training error with the degree": AtMost(0),
        "validation error of degree 6 above the least, rmse": AtLeast(1),
        "degree chosen within one standard error, less the best": AtMost(0),
        "gap at 63 training rows less that at 1,257": AtLeast(0.03),
        "VC bound less test error, least": AtLeast(0),
        "VC bound of a quarter of the rows less that of all": AtLeast(0.1),
        "three points in the plane shattered": AtLeast(1),
        "XOR's four points shattered": AtMost(0),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return what the three files tell, and what geometry does."""
    capacity, learning, bounds = runs("capacity.yaml"), runs("learning_curve.yaml"), runs("vc_bound.yaml")
    errors, limits = values(bounds, "bound", "test_error"), values(bounds, "bound", "bound")
    last, least = values(capacity, "curve", "validation_last"), values(capacity, "curve", "validation_least")
    return {
        "largest rise of the training error with the degree": max(values(capacity, "curve", "train_rise")),
        "validation error of degree 6 above the least, rmse": fmean(last) - fmean(least),
        "degree chosen within one standard error, less the best": _chosen(capacity),
        "gap at 63 training rows less that at 1,257": _gap(learning, 0.05) - _gap(learning, 1.0),
        "VC bound less test error, least": min(b - e for b, e in zip(limits, errors, strict=True)),
        "VC bound of a quarter of the rows less that of all": _bound(bounds, 0.25) - _bound(bounds, 1.0),
        "three points in the plane shattered": shattered([[0, 0], [1, 0], [0, 1]]),
        "XOR's four points shattered": shattered([[0, 0], [0, 1], [1, 0], [1, 1]]),
    }


def _chosen(results: Results) -> int:
    """Return the degree of the simplest model that is as good as the best, less the best's."""
    ranked = standings(results.trials, "rmse", ["fold.fold"])
    chosen = simplest_standing(ranked, "rmse") or ranked[0]
    degree, best = (int(standing.label.removeprefix("poly.degree=")) for standing in (chosen, ranked[0]))
    return degree - best


def _gap(results: Results, share: float) -> float:
    return fmean(values(results, "gaps", "test_gap", some__share=share))


def _bound(results: Results, share: float) -> float:
    return fmean(values(results, "bound", "bound", some__share=share))
