"""R1: weight decay, as a penalty and beside the gradient, for each layer its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.against_torch import deviation
from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from benchmarks.catalogue.whole_steps import descended

ROW = Row(
    id="R1",
    name="Weight decay",
    sentence="The L2 penalty, and decoupled decay, which shrinks weights by 1 - lr·strength at each step; "
    "`only` gives each layer its own strength",
    source="Krogh & Hertz 1992; Loshchilov & Hutter 2019 (arXiv:1711.05101), algorithm 2",
    stages=("regularizer.l2", "regularizer.decay"),
    dags=("bounds.yaml",),
    bars={
        "shrinking by (1 - lr·strength)^10, relative error": AtMost(1e-14),
        "penalty on one layer, five steps beside PyTorch's": AtMost(1e-9),
        "decay, five steps beside PyTorch's": AtMost(1e-9),
        "decay of one layer, five steps beside PyTorch's": AtMost(1e-9),
        "log loss with decay, of that without (3 seeds)": AtMost(0.97),
        "log loss with decay by layer, of that without (3 seeds)": AtMost(0.97),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how exact the decay is, and what it does to digits told from few examples."""
    results = runs("bounds.yaml")
    loss = {name: metrics(results, f"score_{name}")["log_loss"] for name in ("plain", "decayed", "layered")}
    return {
        "shrinking by (1 - lr·strength)^10, relative error": shrinking(),
        "penalty on one layer, five steps beside PyTorch's": deviation("l2"),
        "decay, five steps beside PyTorch's": deviation("decay"),
        "decay of one layer, five steps beside PyTorch's": deviation("decay hidden"),
        "log loss with decay, of that without (3 seeds)": loss["decayed"] / loss["plain"],
        "log loss with decay by layer, of that without (3 seeds)": loss["layered"] / loss["plain"],
    }


def shrinking() -> float:
    """Return the error of ten steps' shrinking where the gradient is zero: inputs of zero move no weight."""
    inputs, targets, model = np.zeros((4, 3)), np.ones(4), ("model.mlp", {"hidden": [5]})
    before = descended(inputs, targets, model, 10, 0.1)["hidden0.weights"]
    after = descended(inputs, targets, model, 10, 0.1, ("regularizer.decay", {"strength": 0.5}))
    return float(np.abs(after["hidden0.weights"] / before / (1 - 0.1 * 0.5) ** 10 - 1).max())
