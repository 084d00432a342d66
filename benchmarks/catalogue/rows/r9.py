"""R9: dropout, the weight-scaling rule, averages over masks, multiplied Gaussian noise."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import nn

UNITS, RATE = 6, 0.3
ROW = Row(
    id="R9",
    name="Dropout",
    sentence="Units left out at random, or multiplied by Gaussian noise; predictions by all units (the "
    "weight-scaling rule) or averaged over masks (540 digits, 5 splits)",
    source="Srivastava et al. 2014 (JMLR 15); Gal & Ghahramani 2016 (arXiv:1506.02142), equation 6",
    stages=("regularizer.dropout", "regularizer.noise", "evaluate.monte_carlo"),
    dags=("noise.yaml",),
    bars={
        "linear net, mean over all masks less the scaling rule": AtMost(1e-12),
        "log loss with dropout, of that without": AtMost(0.93),
        "accuracy gained by dropout": AtLeast(0.002),
        "log loss with multiplied noise, of that without": AtMost(0.93),
        "accuracy over 50 masks, less that of the scaling rule": AtLeast(-0.005),
        "mean deviation of the masks' probabilities": AtLeast(0.01),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the rule's exactness, and what dropout does to digits told from few examples."""
    results = runs("noise.yaml")
    plain, dropped, noisy = (metrics(results, f"score_{name}") for name in ("plain", "dropped", "noisy"))
    masks = metrics(results, "masks")
    return {
        "linear net, mean over all masks less the scaling rule": scaling_error(),
        "log loss with dropout, of that without": dropped["log_loss"] / plain["log_loss"],
        "accuracy gained by dropout": dropped["accuracy"] - plain["accuracy"],
        "log loss with multiplied noise, of that without": noisy["log_loss"] / plain["log_loss"],
        "accuracy over 50 masks, less that of the scaling rule": masks["accuracy"] - masks["scaled_accuracy"],
        "mean deviation of the masks' probabilities": masks["spread"],
    }


class Mask:
    """Uniform numbers that keep the units where `kept` is 1."""

    def __init__(self, kept: Any):
        self.kept = np.array(kept, float)

    def uniform(self, shape: tuple[int, ...]) -> Any:
        """Return numbers at or above any rate for kept units, below it for the others."""
        return np.broadcast_to(self.kept * 0.999, shape)


def scaling_error() -> float:
    """Return the largest difference between the mean over all 2^6 masks and a prediction by all units."""
    rng = np.random.default_rng(0)
    x, first, second = (
        rng.standard_normal((3, 4)),
        rng.standard_normal((4, UNITS)),
        rng.standard_normal((UNITS, 2)),
    )
    mean = np.zeros((3, 2))
    for kept in product([0, 1], repeat=UNITS):
        chance = np.prod(np.where(kept, 1 - RATE, RATE))
        mean += chance * (nn.dropout(x @ first, Mask(kept), RATE) @ second)
    return float(np.abs(mean - x @ first @ second).max())
