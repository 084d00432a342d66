"""F5: gradients that vanish on the way through sigmoid layers, and depth that does not help by itself."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from pipeline.results import Results

ROW = Row(
    id="F5",
    name="Vanishing gradients",
    sentence="gradient norms by layer, drawn in the report; eight sigmoid layers lose the gradient and learn "
    "nothing where eight relu layers learn, and one layer is better than either (3 seeds, digits)",
    source="Hochreiter 1991; Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010",
    stages=("evaluate.health",),
    dags=("vanishing.yaml",),
    bars={
        "first layer's gradient by the last's, 8 sigmoid layers, largest": AtMost(1e-2),
        "first layer's gradient by the last's, 8 relu layers, least": AtLeast(0.1),
        "accuracy, 8 sigmoid layers, highest": AtMost(0.5),
        "accuracy, one relu layer above 8, mean": AtLeast(0.01),
    },
)

DEEP, FLAT = [32] * 8, [32]


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the ratios of gradients and the accuracies of deep and flat nets."""
    results = runs("vanishing.yaml")
    gain = fmean(_of(results, "accuracy", "relu", FLAT)) - fmean(_of(results, "accuracy", "relu", DEEP))
    return {
        "first layer's gradient by the last's, 8 sigmoid layers, largest": max(
            _of(results, "gradient_ratio", "sigmoid", DEEP)
        ),
        "first layer's gradient by the last's, 8 relu layers, least": min(
            _of(results, "gradient_ratio", "relu", DEEP)
        ),
        "accuracy, 8 sigmoid layers, highest": max(_of(results, "accuracy", "sigmoid", DEEP)),
        "accuracy, one relu layer above 8, mean": gain,
    }


def _of(results: Results, metric: str, activation: str, hidden: list[int]) -> list[float]:
    node = "score" if metric == "accuracy" else "layers"
    return values(results, node, metric, net__activation=activation, net__hidden=hidden)
