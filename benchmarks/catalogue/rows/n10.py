"""N10: bugs planted in a training on digits, and found before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import DataSet, model, ops
from pipeline.engine.vjps import VJPS
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.doctor import examine
from pipeline.stages.registry import Registry
from pipeline.stages.stage import Stage

ROW = Row(
    id="N10",
    name="Bug-hunting kit",
    sentence="`plait doctor FILE` checks gradients against differences, the first loss against log(classes), "
    "the mix of minibatches, the size of steps, dead and saturated units, a tiny batch learnt by heart, and "
    "labels against shuffled ones; `evaluate.health` looks into a trained net",
    source="Goodfellow et al. 2016, section 11.5; Karpathy 2019, A Recipe for Training Neural Networks",
    stages=("evaluate.health",),
    functions=("pipeline.stages.doctor.examine",),
    dags=("vanishing.yaml",),
    bars={
        "checks that fail on a sound net": AtMost(0),
        "planted bugs found, of 5": AtLeast(5),
        "dead units of trained nets, share": AtMost(0.1),
    },
)


@model
def drowned(x, net, *, outputs: int):  # type: ignore[no-untyped-def]
    """Rectified units whose biases are far below anything that comes in."""
    x = ops.flatten(x)
    bias = net.parameter("hidden.bias", (32,), -100.0, weight=False)
    h = net.hidden(ops.relu(x @ net.parameter("hidden.weights", (x.shape[-1], 32)) + bias))
    return net.dense(h, outputs, name="out")


class _Known(Registry):
    def stage(self, ref: str) -> Stage:
        """Return a built-in stage, or the one of this file."""
        return Stage.of(drowned) if ref == "model.drowned" else super().stage(ref)


REGISTRY = _Known()


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how many planted bugs are found, and that none is where there is none."""
    health = metrics(runs("vanishing.yaml"), "layers")
    data = _digits()
    return {
        "checks that fail on a sound net": len(_bad(data)),
        "planted bugs found, of 5": sum(_planted(data)),
        "dead units of trained nets, share": health["dead_units"] / health["units"],
    }


def _planted(data: DataSet) -> list[bool]:
    rng = np.random.default_rng(0)
    order = np.argsort(data.targets[:1200], kind="stable")  # type: ignore[index]
    with patch.dict(VJPS, {"tanh": lambda *given: tuple(1.1 * g for g in _TANH(*given))}):  # type: ignore[arg-type]
        wrong_vjp = "gradients" in _bad(data)
    return [
        wrong_vjp,
        "labels" in _bad(data.replace(inputs=data.inputs[rng.permutation(len(data))])),
        "minibatches" in _bad(data.with_splits(train=order), shuffle=False),
        "units" in _bad(data, net="model.drowned"),
        "first updates" in _bad(data, lr=2.0),
    ]


_TANH = VJPS["tanh"]


def _digits() -> DataSet:
    found: DataSet = REGISTRY.stage("data.digits").function()
    return found.with_splits(train=np.arange(1200), validation=np.arange(1200, 1797))


def _bad(data: DataSet, *, net: str = "model.mlp", lr: float = 2e-3, shuffle: bool = True) -> set[str]:
    """Return the names of the checks that fail on a net of 32 units with Adam."""
    given = {"hidden": [32], "activation": "tanh"} if net == "model.mlp" else {}
    parts = {
        "model": (Part("net", net, given),),
        "optimizer": (Part("adam", "optimizer.adam", {"lr": lr}),),
    }
    member = Member("t1", "key", 0, "data", {"adam": {"lr": lr}})
    train = Part("fit", "train.minibatch", {"epochs": 10, "batch_size": 32, "shuffle": shuffle})
    findings = examine(CohortSpec("fit", train, parts, (member,)), {"data": data}, REGISTRY)
    return {finding.check for finding in findings if finding.state == "bad"}
