"""B9: minibatches, splits and folds; validation chooses, and the test rows are looked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import DataSet, run
from pipeline.engine.random import generator
from pipeline.stages.registry import Registry

ROW = Row(
    id="B9",
    name="Minibatches, splits, folds",
    sentence="minibatch gradient descent; train, validation and test rows, stratified; k folds; what "
    "validation chooses is measured once on the test rows, whose labels, all of them changed, change nothing "
    "before",
    source="Kohavi 1995; Bottou 1998; Stone 1974",
    stages=("train.minibatch", "transform.split", "transform.kfold"),
    dags=("folds.yaml",),
    bars={
        "breast cancer, committees of five folds, accuracy": AtLeast(0.93),
        "weights that differ when all test labels are changed": AtMost(0),
        "test accuracy that differs then": AtLeast(0.5),
        "class share that differs between a fold and all rows": AtMost(0.01),
        "measurements of the test rows for the model that was chosen": AtMost(1),
    },
)

DAG = """\
plait: 1
seed: 3
nodes:
  given:  {stage: data.arrays}
  parts:  {stage: transform.split, inputs: {data: given}}
  scaled: {stage: transform.standardize, inputs: {data: parts}}
  net:    {stage: model.mlp, options: {hidden: [32]}}
  adam:   {stage: optimizer.adam}
  fit:    {stage: train.minibatch, inputs: {data: scaled, model: net, optimizer: adam}}
  best:   {stage: ensemble.average, inputs: {models: fit}, gather: {best: 2, metric: accuracy}}
  score:  {stage: evaluate.classification, inputs: {model: best, data: parts}}
sweep: {space: {adam.lr: [1e-3, 3e-3, 1e-2]}}
"""


@dataclass(frozen=True)
class _Outcome:
    """The test accuracy of what was chosen, how often it was measured, the weights of all trials."""

    accuracy: float
    measurements: int
    weights: list[NDArray[Any]]


def figures(runs: Runs) -> Mapping[str, float]:
    """Return what folds come to, and what changed test labels change."""
    data = Registry().stage("data.digits").function()
    data = data.with_splits(train=np.arange(1400), test=np.arange(1400, 1797))
    labels = data.targets.copy()
    labels[1400:] = (labels[1400:] + 1) % 10
    results = [_run(data), _run(data.replace(targets=labels))]
    return {
        "breast cancer, committees of five folds, accuracy": metrics(runs("folds.yaml"), "score")["accuracy"],
        "weights that differ when all test labels are changed": _different(*results),
        "test accuracy that differs then": results[0].accuracy - results[1].accuracy,
        "class share that differs between a fold and all rows": _unevenness(data),
        "measurements of the test rows for the model that was chosen": results[0].measurements,
    }


def _run(data: DataSet) -> _Outcome:
    """Run the DAG above on data, in a store that is not kept."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leak.yaml"
        path.write_text(DAG)
        results = run(path, data={"given": data}, store=Path(folder) / "store", cluster="inline")
        models = [results.model("fit", trial["id"]) for trial in results.trials]
        weights = [array for model in models for array in model.networks[0].parameters.values()]
        score = results.nodes["score"]
        return _Outcome(score["metrics"]["accuracy"], score["instances"], weights)


def _different(one: _Outcome, other: _Outcome) -> int:
    """Count the weights of all trials that are not the same in two runs."""
    return sum(int((a != b).sum()) for a, b in zip(one.weights, other.weights, strict=True))


def _unevenness(data: DataSet) -> float:
    """Return the largest difference between a class's share of a fold and of all train rows."""
    stage, targets = Registry().stage("transform.kfold"), data.targets
    assert targets is not None
    rows = [data.rows("train")]
    for fold in range(5):
        made = stage.function(data, generator(0, "fold"), folds=5, fold=fold, stratify=True)
        rows.append(made.rows("validation"))
    shares = [np.bincount(targets[some], minlength=10) / len(some) for some in rows]
    return max(float(np.abs(share - shares[0]).max()) for share in shares[1:])
