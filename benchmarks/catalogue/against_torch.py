"""Five steps of a small net under a regularizer, beside PyTorch's from the same weights on the same data.

PyTorch's figures are kept in tests/oracles; tests/oracles/make_regularizer_figures.py makes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.process import ROOT
from pipeline.hooks import train
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry
from pipeline.stages.stage import Stage

FIGURES = np.load(ROOT / "tests" / "oracles" / "torch_regularizers.npz")
STEPS = 5
Array = npt.NDArray[np.float64]
Choice = tuple[str, Mapping[str, Any]]  # a stage and its options
SGD: Choice = ("optimizer.sgd", {"lr": 0.1, "momentum": 0.9})
ADAM: Choice = ("optimizer.adam", {"lr": 0.05})
BOTH = ["hidden0.weights", "out.weights"]
CASES: Mapping[str, tuple[Choice, Choice]] = {
    "l2": (SGD, ("regularizer.l2", {"strength": 0.3, "only": "hidden0.*"})),
    "l1": (SGD, ("regularizer.l1", {"strength": 0.2, "only": "out.weights"})),
    "decay": (ADAM, ("regularizer.decay", {"strength": 0.7})),
    "decay hidden": (ADAM, ("regularizer.decay", {"strength": 0.7, "only": "hidden*"})),
    "max norm": (SGD, ("regularizer.max_norm", {"limit": 0.8, "only": "hidden0.*"})),
    "sharing": (SGD, ("regularizer.sharing", {"strength": 0.3, "between": BOTH})),
    "sparsity l1": (SGD, ("regularizer.sparsity", {"strength": 0.5})),
    "sparsity kl": (SGD, ("regularizer.sparsity", {"strength": 0.5, "by": "kl", "target": 0.1})),
    "smoothing": (SGD, ("regularizer.label_smoothing", {"rate": 0.2})),
}


@train
def from_start(fit: Any, *, start: str = "start") -> None:
    """Take five steps on all rows, in their order, from the weights that PyTorch started from."""
    for epoch in fit.epochs(STEPS):
        if epoch == 1:
            fit.weights = FIGURES[start][None]
        for rows in fit.batches(fit.rows, shuffle=False):
            fit.step(rows)


class _Stages(Registry):
    """The built-in stages and `from_start`."""

    def stage(self, ref: str) -> Stage:
        return Stage.of(from_start) if ref == "train.from_start" else super().stage(ref)


def deviation(case: str) -> float:
    """Return the largest difference of weights after five steps, relative to PyTorch's largest weight."""
    if case == "tied":
        return _deviation(trained_tied(), case)
    optimizer, regularizer = CASES[case]
    return _deviation(trained(case, optimizer, regularizer), case)


def trained(case: str, optimizer: Choice, *regularizers: Choice) -> Array:
    """Return the flat weights of a small net after five steps."""
    data = DataSet(FIGURES["x"], FIGURES["labels" if case == "smoothing" else "y"])
    return _trained(data, ("model.mlp", {"hidden": [5], "activation": "sigmoid"}), optimizer, regularizers)


def trained_tied() -> Array:
    """Return the flat weights of a tied autoencoder after five steps."""
    model = ("model.autoencoder", {"hidden": [5], "code": 3, "activation": "tanh", "tied": True})
    optimizer = ("optimizer.sgd", {"lr": 0.02, "momentum": 0.9})
    return _trained(DataSet(FIGURES["x"], FIGURES["x"]), model, optimizer, start="tied_start")


def _trained(
    data: DataSet, model: Choice, optimizer: Choice, regularizers: Sequence[Choice] = (), start: str = "start"
) -> Array:
    stages = _Stages()

    def part(choice: Choice) -> Part:
        ref, options = choice
        return Part(ref.replace(".", "_"), ref, stages.stage(ref).check(options))

    spec = CohortSpec(
        "fit",
        part(("train.from_start", {"start": start})),
        {
            "model": (part(model),),
            "optimizer": (part(optimizer),),
            "regularizers": tuple(map(part, regularizers)),
        },
        (Member("t", "k", 0, "data", {}),),
        "float64",
    )
    (result,) = train_cohort(spec, {"data": data}, stages)
    return np.concatenate([values.ravel() for values in result.params.values()])


def _deviation(found: Array, case: str) -> float:
    expected = FIGURES[case][-1]
    return float(np.abs(found - expected).max() / np.abs(expected).max())
