"""F3: hidden units and initial weights."""

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.catalogue.oracles import case, distance
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs
from pipeline import DataSet, nn, run
from pipeline.stages.initializers import initializer

UNITS = ("elu", "gelu", "leaky_relu", "maxout", "prelu", "relu", "sigmoid", "silu", "softplus", "tanh")
ROW = Row(
    id="F3",
    name="Hidden units and initial weights",
    sentence="Ten kinds of hidden units as an option of every net, slopes that are learned and maxout among "
    "them; He's, Glorot's and orthogonal weights to begin with",
    source="Goodfellow et al. 2013; He et al. 2015; Glorot & Bengio 2010; Saxe et al. 2014; Maas et al. 2013;"
    " Clevert et al. 2016; Hendrycks & Gimpel 2016; Elfwing et al. 2018",
    stages=("model.mlp",),
    functions=("pipeline.nn.activate", "pipeline.nn.maxout", "pipeline.nn.prelu"),
    dags=("hidden_units.yaml",),
    bars={
        "values and gradients, furthest from PyTorch's": AtMost(1e-9),
        "mean squares of initial weights, off PyTorch's by": AtMost(0.03),
        "orthogonal weights, furthest from orthogonal": AtMost(1e-12),
        "maxout on |x|, largest error": AtMost(0.02),
        "maxout on x², largest error": AtMost(0.06),
        "digits: least accuracy of 10 units and 3 initialisations": AtLeast(0.94),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return distances from PyTorch's figures, how well maxout fits, and the least accuracy on digits."""
    results = runs("hidden_units.yaml").nodes["score"]["results"]
    return {
        "values and gradients, furthest from PyTorch's": max(map(_distance, UNITS)),
        "mean squares of initial weights, off PyTorch's by": max(_spreads()),
        "orthogonal weights, furthest from orthogonal": _skewness(),
        "maxout on |x|, largest error": _misfit(runs, np.abs, 2),
        "maxout on x², largest error": _misfit(runs, np.square, 5),
        "digits: least accuracy of 10 units and 3 initialisations": min(
            found["metrics"]["accuracy"] for found in results
        ),
    }


def _distance(name: str) -> float:
    """Return how far the unit's value, and the gradient of Σ sin(value), are from PyTorch's."""
    slope = {"slope": "unit.slope"} if name == "prelu" else {}
    figures = case("torch_units.npz", name)
    return distance(figures, lambda net, x: nn.activate(net, x, name, name="unit", pieces=3), slope)


def _spreads() -> Iterator[float]:
    shapes = {"dense": (400, 300), "conv": (3, 3, 30, 60)}
    for which in ("he", "glorot"):
        for kind, shape in shapes.items():
            w = initializer(which)(np.random.default_rng(0), shape)
            figures = case("torch_units.npz", f"{which} {kind}")
            yield abs(float(np.square(w).mean() / figures["square"]) - 1)


def _skewness() -> float:
    w = initializer("orthogonal")(np.random.default_rng(0), (300, 200))
    return float(np.abs(w.T @ w - np.eye(200)).max())


def _misfit(runs: Runs, f: np.ufunc, pieces: int) -> float:
    """Return the largest error on [-1, 1] of four maxout units of so many pieces, trained to be `f`."""
    x = np.linspace(-1, 1, 201)[:, None]
    text = f"""
plait: 1
nodes:
  line: {{stage: data.arrays}}
  net:  {{stage: model.mlp, options: {{hidden: [4], activation: maxout, pieces: {pieces}}}}}
  adam: {{stage: optimizer.adam, options: {{lr: 0.1}}}}
  cool: {{stage: schedule.cosine}}
  fit:
    stage: train.minibatch
    inputs: {{data: line, model: net, optimizer: adam, schedule: cool}}
    options: {{epochs: 500, batch_size: 201}}
"""
    results = run(text, data={"line": DataSet(x, f(x[:, 0]))}, store=runs.store, cluster="inline")
    return float(np.abs(results.model("fit").predict_raw(x) - f(x)).max())
