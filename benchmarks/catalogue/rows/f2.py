"""F2: output units."""

from collections.abc import Iterator, Mapping
from statistics import NormalDist

import numpy as np

from benchmarks.catalogue.oracles import case, distance
from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from benchmarks.process import ROOT
from pipeline import DataSet, run
from pipeline.stages.registry import Registry

ROW = Row(
    id="F2",
    name="Output units",
    sentence="A net's outputs follow from its loss: mean, median, quantiles, a variance of their own, "
    "mixtures, counts, yes or no, one of many. Of skewed data, y = exp(x + z/2) with a normal z, each learns "
    "what it should",
    source="Bishop 1994; Koenker & Bassett 1978; Nix & Weigend 1994; Huber 1964",
    stages=(
        "loss.gaussian",
        "loss.laplace",
        "loss.huber",
        "loss.power",
        "loss.quantile",
        "loss.heteroscedastic",
        "loss.mixture_density",
        "loss.poisson",
        "loss.bernoulli",
        "loss.softmax",
    ),
    dags=("output_units.yaml", "likelihood.yaml"),
    bars={
        "values and gradients, furthest from PyTorch's": AtMost(1e-9),
        "E(y|x) by squared error, relative error": AtMost(0.05),
        "E(y|x) with a variance, relative error": AtMost(0.05),
        "E(y|x) by a mixture, relative error": AtMost(0.05),
        "median by absolute error, relative error": AtMost(0.05),
        "quantiles 0.1 and 0.9, relative error": AtMost(0.05),
        "diabetes: share below quantile 0.9, off by": AtMost(0.08),
        "diabetes: share below quantile 0.1, off by": AtMost(0.08),
    },
)
ROWS = 12_000
X = np.linspace(-0.8, 0.8, 33)[:, None]


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how far nets are from what they should have learned of skewed data, on average over x."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (ROWS, 1))
    skewed = DataSet(x, np.exp(x[:, 0] + 0.5 * rng.standard_normal(ROWS)))
    results = run(
        ROOT / "dags" / "output_units.yaml",
        set={"scaled.targets": False},
        data={"patients": skewed},
        store=runs.store,
    )
    trials = {trial["options"]["share.level"]: trial["id"] for trial in results.trials}

    def off(node: str, level: float | None, trial: str | None = None) -> float:
        mean = 1 / 8 if level is None else 0.5 * NormalDist().inv_cdf(level)
        found = results.model(node, trial).predict_raw(X)[:, 0]
        return float(np.abs(found / np.exp(X[:, 0] + mean) - 1).mean())

    patients = runs("output_units.yaml")
    below = {level: values(patients, "of_quantile", "below", share__level=level)[0] for level in (0.1, 0.9)}
    return {
        "values and gradients, furthest from PyTorch's": max(_distances()),
        "E(y|x) by squared error, relative error": off("fit_mean", None),
        "E(y|x) with a variance, relative error": off("fit_spread", None),
        "E(y|x) by a mixture, relative error": off("fit_mixture", None),
        "median by absolute error, relative error": off("fit_median", 0.5),
        "quantiles 0.1 and 0.9, relative error": max(
            off("fit_quantile", level, trials[level]) for level in (0.1, 0.9)
        ),
        "diabetes: share below quantile 0.9, off by": abs(below[0.9] - 0.9),
        "diabetes: share below quantile 0.1, off by": abs(below[0.1] - 0.1),
    }


def _distances() -> Iterator[float]:
    """Yield how far losses are from PyTorch's, in value and gradient; a floor of variances is left out."""
    labels, blocks, units = np.array([0, 2, 1, 2]), "torch_blocks.npz", "torch_units.npz"
    for name, file in {
        "gaussian": blocks,
        "softmax": blocks,
        "bernoulli": blocks,
        "laplace": units,
        "huber": units,
        "poisson": units,
        "heteroscedastic": units,
        "mixture": units,
    }.items():
        stage = Registry().stage("loss.mixture_density" if name == "mixture" else f"loss.{name}")
        options = {"floor": 0.0} if "floor" in stage.varying else {}
        figures = case(file, name)
        y = figures.get("y", labels)

        def loss(net, x, stage=stage, options=options, y=y):
            return stage.function(x, y, **options)

        yield distance(figures, loss)
