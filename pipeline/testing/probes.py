"""Small stages and data that stand around the stage under check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.engine import ops
from pipeline.engine.random import generator
from pipeline.hooks import ensemble, loss, model, optimizer, regularizer
from pipeline.options import Positive
from pipeline.stages.dataset import DataSet
from pipeline.stages.predictor import Network
from pipeline.stages.registry import UnknownStage
from pipeline.stages.stage import Stage

ROWS, FEATURES, CLASSES = 48, 4, 3


@model
def probe_net(x: Any, net: Any, *, outputs: int) -> Any:
    """One hidden layer of five units, smooth everywhere; the first two are a head, too."""
    h = net.hidden(ops.tanh(net.dense(ops.flatten(x), 5, name="hidden")))
    net.head("auxiliary", h[:, :2])
    return net.dense(h, outputs, name="out")


@model(estimator=True)
def probe_means() -> Any:
    """The mean of all targets, or the share of each class, whatever the inputs."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return {"classes": DummyClassifier(), "regression": DummyRegressor()}


@model
def probe_coder(x: Any, net: Any, *, outputs: int) -> Any:
    """Encode inputs in two numbers; say how likely they are, and draw some."""
    flat = ops.flatten(x)
    code = net.head("code", net.hidden(net.dense(flat, 2, name="encode"), "code"))
    net.head("log_density", -0.5 * ops.sum(ops.square(flat), axis=-1, keepdims=True))
    net.sampler(lambda rng, count: rng.standard_normal((count, flat.shape[1])))
    return net.dense(code, outputs, name="decode")


@loss(link="identity")
def probe_loss(outputs: Any, targets: Any) -> Any:
    """Half the squared error of each example."""
    return 0.5 * ops.sum(ops.square(outputs - targets), axis=-1)


@loss(link="softmax")
def probe_surprise(outputs: Any, targets: Any) -> Any:
    """The negative log-likelihood of each example's class."""
    chosen = ops.cast(ops.one_hot(targets, outputs.shape[-1]), outputs.dtype)
    return -ops.sum(chosen * ops.log_softmax(outputs), axis=-1)


@optimizer
def probe_descent(w: Any, g: Any, state: Any, t: Any, *, lr: Positive = 0.1) -> Any:
    """Plain gradient descent."""
    return w - lr * g, ()


@regularizer
def probe_decay(objective: Any, *, strength: Positive = 0.1) -> None:
    """Half the squared weights, times a strength."""
    objective.add(0.5 * strength * sum(ops.sum(w * w) for w in objective.weights))


@ensemble
def average(predictions: Any) -> Any:
    """The members' mean, under the name that snapshots ask for."""
    return predictions.mean(axis=0)


_STAGES = (
    average,
    probe_net,
    probe_coder,
    probe_means,
    probe_loss,
    probe_surprise,
    probe_descent,
    probe_decay,
)
PROBES = {stage.ref: stage for stage in map(Stage.of, _STAGES)}


@dataclass(frozen=True)
class Lookup:
    """Finds the probes and the stage under check, as a registry would."""

    stages: Mapping[str, Stage]

    def stage(self, ref: str) -> Stage:
        """Return the stage called `ref`."""
        if ref not in self.stages:
            raise UnknownStage(ref, self.names())
        return self.stages[ref]

    def names(self, kind: str | None = None) -> list[str]:
        """List what can be found."""
        return sorted(ref for ref in self.stages if kind in (None, ref.partition(".")[0]))


def table(task: str, *, splits: bool = True, dtype: str = "float64") -> DataSet:
    """Return a small data set of the task `classes` or `regression` that a linear model can learn."""
    rng = generator(0, "probe", task)
    inputs = rng.normal(size=(ROWS, FEATURES)).round(1) + np.arange(FEATURES)
    scores = inputs @ rng.normal(size=(FEATURES, CLASSES))
    scores -= scores.mean(axis=0)
    rows = np.arange(ROWS)
    parts = {"train": rows[:30], "validation": rows[30:39], "test": rows[39:]} if splits else {}
    names = tuple(f"feature{i}" for i in range(FEATURES))
    if task == "regression":
        return DataSet(inputs.astype(dtype), scores, "regression", features=names, splits=parts)
    # Every class is in every split: a measure may be undefined where one is missing.
    labels = np.where(rows % 5, scores.argmax(axis=1), rows // 5 % CLASSES)
    return DataSet(inputs.astype(dtype), labels, "classes", tuple("abc"), names, splits=parts)


def images(*, splits: bool = True) -> DataSet:
    """Return a small data set of images, (rows, 6, 6), in two classes."""
    rng = generator(0, "probe", "images")
    rows = np.arange(ROWS)
    pictures = rng.random((ROWS, 6, 6)).astype("float32")
    parts = {"train": rows[:30], "validation": rows[30:39], "test": rows[39:]} if splits else {}
    return DataSet(pictures, rows % 2, "classes", ("even", "odd"), splits=parts)


def headed() -> DataSet:
    """Return a small data set of classes with further targets for the head `auxiliary`, some unknown (-1)."""
    return table("classes").replace(auxiliary={"auxiliary": np.arange(ROWS) % 3 - 1})


def rebuilt() -> DataSet:
    """Return images that are their own targets, in which anomalies are marked and labels kept."""
    data = images()
    marks = {"anomaly": np.arange(ROWS) % 4 == 0, "labels": data.targets}
    return data.replace(targets=data.inputs.reshape(ROWS, -1), task="regression", classes=(), auxiliary=marks)


def predictor(data: DataSet, seed: int) -> Network:
    """Return a network for `data` with weights that are drawn, not trained."""
    return _drawn("model.probe_net", {"hidden": 5, "out": 0}, data, seed)


def coder(data: DataSet, seed: int) -> Network:
    """Return such a network that also encodes inputs, says how likely they are and draws some."""
    return _drawn("model.probe_coder", {"encode": 2, "decode": 0}, data, seed)


def _drawn(ref: str, layers: Mapping[str, int], data: DataSet, seed: int) -> Network:
    """Draw the parameters of layers, name -> width; 0 stands for what the data needs."""
    rng = generator(seed, "probe", "predictor")
    link = "softmax" if data.task == "classes" else "identity"
    outputs = data.outputs(link)
    widths = [int(np.prod(data.inputs.shape[1:])), *(width or outputs for width in layers.values())]
    sizes = dict(zip(layers, pairwise(widths), strict=True))
    parameters = {f"{name}.weights": 0.3 * rng.normal(size=shape) for name, shape in sizes.items()}
    parameters |= {f"{name}.bias": 0.1 * rng.normal(size=shape[1:]) for name, shape in sizes.items()}
    kept = {name: array.astype(data.inputs.dtype) for name, array in parameters.items()}
    return Network.of(PROBES[ref], {"outputs": outputs}, link, data, kept)
