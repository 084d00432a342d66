"""R13: limits on weights and gradients, and noise on gradients."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.against_torch import deviation
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from benchmarks.process import ROOT
from pipeline import stage

CLIPPED = ROOT / "tests" / "oracles" / "torch_steps.json"
ROW = Row(
    id="R13",
    name="Max-norm, clipped and noisy gradients",
    sentence="Incoming weights of a unit kept short, gradients limited by norm or value, noise on gradients "
    "that dies away; at a rate that throws a net far away, clipping lets it learn (3 seeds)",
    source="Srebro & Shraibman 2005; Pascanu et al. 2013 (arXiv:1211.5063); Neelakantan et al. 2015 "
    "(arXiv:1511.06807)",
    stages=("regularizer.max_norm", "regularizer.clip", "regularizer.gradient_noise"),
    dags=("bounds.yaml",),
    bars={
        "max-norm, five steps beside PyTorch's (which adds 1e-7 to norms)": AtMost(1e-6),
        "clipping by norm and by value, beside PyTorch's (which adds 1e-6)": AtMost(1e-6),
        "accuracy at a rate of 1.5, clipped, above that of not clipped": AtLeast(0.5),
        "log loss with max-norm, of that without": AtMost(0.97),
        "accuracy with gradient noise, above that without": AtLeast(-0.01),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how near all come to PyTorch's, and what they do to digits told from few examples."""
    results = runs("bounds.yaml")
    names = ("plain", "short", "shaken", "jumpy", "clipped")
    of = {name: metrics(results, f"score_{name}") for name in names}
    return {
        "max-norm, five steps beside PyTorch's (which adds 1e-7 to norms)": deviation("max norm"),
        "clipping by norm and by value, beside PyTorch's (which adds 1e-6)": clipping(),
        "accuracy at a rate of 1.5, clipped, above that of not clipped": of["clipped"]["accuracy"]
        - of["jumpy"]["accuracy"],
        "log loss with max-norm, of that without": of["short"]["log_loss"] / of["plain"]["log_loss"],
        "accuracy with gradient noise, above that without": of["shaken"]["accuracy"]
        - of["plain"]["accuracy"],
    }


class _Clipped:
    """Stands in for an objective and keeps the function that changes gradients."""

    def on_gradients(self, function: object) -> None:
        """Keep the function."""
        self.function = function


def clipping() -> float:
    """Return the largest relative difference of clipped gradients from PyTorch's."""
    kept = json.loads(CLIPPED.read_text())["clip"]
    start = {str(i): np.array(g) for i, g in enumerate(kept["start"])}
    worst = 0.0
    for by in ("norm", "value"):
        objective = _Clipped()
        stage("regularizer.clip", limit=1.0, by=by)(objective)
        found = objective.function(start)  # type: ignore[operator]
        for name, expected in enumerate(kept[by]):
            worst = max(worst, float(np.abs(found[str(name)] / np.array(expected) - 1).max()))
    return worst
