"""R4: noise on inputs, hidden units, weights and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.catalogue.against_torch import deviation
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import stage
from pipeline.engine.random import EagerRandom

ROW = Row(
    id="R4",
    name="Noise",
    sentence="Gaussian noise on inputs, hidden units, weights, or targets that are numbers, and labels "
    "that are smoothed, in training alone (540 digits, 5 splits)",
    source="Bishop 1995; Poole et al. 2014; Murray & Edwards 1994; Szegedy et al. 2016, section 7",
    stages=("augment.noise", "regularizer.noise", "regularizer.label_smoothing"),
    dags=("noise.yaml", "augmentation.yaml"),
    bars={
        "mean and deviation over 200,000 draws, largest relative error": AtMost(0.01),
        "smoothed labels, five steps beside PyTorch's": AtMost(1e-9),
        "accuracy gained by noise on inputs": AtLeast(0.005),
        "accuracy gained by smoothed labels": AtLeast(0.005),
        "log loss with noise on hidden units, of that without": AtMost(0.95),
        "log loss with noise on weights, of that without": AtMost(0.99),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the noise's moments, and what noise does to digits told from few examples."""
    results = runs("noise.yaml")
    of = {
        name: metrics(results, f"score_{name}") for name in ("plain", "blurred", "doubted", "noisy", "shaken")
    }
    plain = of["plain"]
    return {
        "mean and deviation over 200,000 draws, largest relative error": max(map(_error, _noises())),
        "smoothed labels, five steps beside PyTorch's": deviation("smoothing"),
        "accuracy gained by noise on inputs": of["blurred"]["accuracy"] - plain["accuracy"],
        "accuracy gained by smoothed labels": of["doubted"]["accuracy"] - plain["accuracy"],
        "log loss with noise on hidden units, of that without": of["noisy"]["log_loss"] / plain["log_loss"],
        "log loss with noise on weights, of that without": of["shaken"]["log_loss"] / plain["log_loss"],
    }


class _Taken:
    """Stands in for an objective of numbers and keeps the function that a regularizer gives it."""

    classes = 0

    def take(self, function: Callable[..., Any]) -> None:
        """Keep the function."""
        self.function = function

    on_inputs = on_hidden = on_weights = on_targets = take


def _noises() -> list[np.ndarray[Any, Any]]:
    """Return noise of deviation 0.3 and mean 1, of each kind."""
    ones, found = np.ones((1000, 200)), []
    for on in ("inputs", "hidden", "weights", "targets"):
        for multiplicative in (False, True):
            taken = _Taken()
            stage("regularizer.noise", std=0.3, on=on, multiplicative=multiplicative)(taken)
            found.append(taken.function(ones, EagerRandom(0, on)))
    return [*found, stage("augment.noise", std=0.3)(ones, EagerRandom(0))]


def _error(noise: np.ndarray[Any, Any]) -> float:
    return max(abs(float(noise.mean()) - 1), abs(float(noise.std()) / 0.3 - 1))
