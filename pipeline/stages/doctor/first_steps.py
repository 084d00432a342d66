"""The first steps of a training: its first loss, how far weights move, which labels come together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.hooks import train
from pipeline.stages.dataset import DataSet
from pipeline.stages.doctor.finding import Finding
from pipeline.stages.doctor.patient import Patient
from pipeline.stages.net import Layout, Parameter
from pipeline.stages.stage import Stage
from pipeline.stages.step import discovered
from pipeline.stages.tables import Table

Array = NDArray[Any]
STEPS = 10
ROWS = 512  # of which the first loss is measured
FAR, NEAR = 0.3, 1e-7  # a step of this share of the weights' size is too long, or too short
SMALL = 0.3  # weights that begin as small as this have no size to compare with
MIXED = 0.5  # of the labels' entropy that minibatches hold on average, at least
REF = "train.watched"
ORDERED = "rows come in the order of their labels: use `shuffle: true`"


class _Enough(BaseException):
    """The first steps are over.  No Exception, so that a train stage's own handlers do not swallow it."""


@dataclass
class Watch:
    """What the first steps were: rows of each minibatch, the outputs at first, weights before and after.

    Both lists are empty for a train stage that makes its `own_examples`, or goes down all rows by a method.
    """

    rows: list[Array] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    outputs: Array | None = None
    own_examples: bool = False


class _Watched:
    """A Fit that notes what is done with it."""

    def __init__(self, fit: Any, watch: Watch, inputs: Array):
        self._fit, self._watch, self._inputs = fit, watch, inputs

    def step(self, rows: Array) -> None:
        """Note the rows and the weights, step, end after a few steps."""
        watch = self._watch
        if watch.outputs is None:
            watch.outputs = self._fit.outputs(self._inputs)[0]
            watch.weights.append(self._fit.weights[0])
        watch.rows.append(np.array(rows).reshape(-1))
        self._fit.step(rows)
        watch.weights.append(self._fit.weights[0])
        if len(watch.rows) == STEPS:
            raise _Enough

    def step_on(self, inputs: Any, targets: Any) -> None:
        """Note that the examples are the stage's own, and end."""
        self._watch.own_examples = True
        raise _Enough

    def minimize(self, method: Any, *, epochs: int) -> None:
        """End: a method's steps are no minibatches."""
        raise _Enough

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fit, name)


def watched(patient: Patient) -> Watch:
    """Run the node's train stage for its first steps; one that makes none on rows leaves the watch empty."""
    watch, stage = Watch(), patient.registry.stage(patient.spec.train.stage)
    inputs = patient.data.split("train")[0][:ROWS]
    inputs = inputs.astype(patient.spec.dtype) if inputs.dtype.kind == "f" else inputs

    def look(fit: Any) -> None:
        """Drive the training, watched."""
        stage.function(_Watched(fit, watch, inputs), **stage.check(patient.spec.train.options))

    looking = Stage.of(train(optimizer=stage.optimizer)(look))
    spec = replace(patient.spec, train=replace(patient.spec.train, stage=REF, options={}))
    eyes = Patient(spec, patient.data, patient.with_stage(REF, looking))
    with suppress(_Enough):
        eyes.trained(patient.data)
    return watch


def check_first_loss(patient: Patient, watch: Watch) -> Finding:
    """Compare the loss at the initial weights with that of a guess that knows nothing of the inputs."""
    from pipeline.stages.doctor.losses import expected_loss, loss_at

    name = "first loss"
    if watch.outputs is None:
        return Finding(name, "not checked", "the train stage makes steps of its own")
    found = loss_at(patient, watch.outputs)
    expected, words, most = expected_loss(patient)
    if not expected > 0:
        return Finding(name, "not checked", "the loss does not compare the outputs with the targets")
    told = f"{found:.4g} at the initial weights; {words} gives {expected:.4g}"
    good = bool(np.isfinite(found) and 0.5 * expected <= found <= most * expected)
    if patient.data.task == "classes":
        advice = "the last layer should start small (init glorot or zeros), and inputs be scaled"
    else:
        advice = "the targets are far from where the net begins: shift and scale them"
    return Finding.of(name, good, told, advice)


def check_updates(patient: Patient, watch: Watch) -> Finding:
    """Measure how far the first steps move each weight matrix, relative to its size."""
    name = "first updates"
    ratios = _ratios(patient, watch)
    if not ratios:
        why = "the weights begin at 0, or near" if watch.rows else "the train stage makes steps of its own"
        return Finding(name, "not checked", why)
    worst = max(ratios, key=lambda layer: ratios[layer])
    least = min(ratios, key=lambda layer: ratios[layer])
    told = (
        f"a step moves {worst} by {ratios[worst]:.2g} and {least} by {ratios[least]:.2g} of its size; "
        "1e-3 is common"
    )
    if not np.isfinite(ratios[worst]) or ratios[worst] > FAR:
        return Finding(name, "bad", told, f"steps are too long: {_lower(patient)}")
    if ratios[least] < NEAR:
        return Finding(name, "bad", told, f"{least} does not learn: no gradient, or too small an lr")
    return Finding(name, "good", told)


def check_minibatches(patient: Patient, watch: Watch) -> Finding:
    """Compare the mix of labels in the first minibatches with that of all train rows."""
    name = "minibatches"
    labels = patient.data.split("train")[1]
    if patient.data.task != "classes" or labels is None or not watch.rows:
        return Finding(name, "not checked", "there are no minibatches of classes")
    sizes = [len(rows) for rows in watch.rows]
    if np.mean(sizes) < 2 * len(patient.data.classes):
        return Finding(name, "not checked", f"{sizes[0]} rows are too few to hold all classes")
    whole = _entropy(labels)
    share = float(np.mean([_entropy(labels[rows]) for rows in watch.rows])) / max(whole, 1e-12)
    told = f"their labels have {share:.0%} of the entropy of all labels, on average"
    return Finding.of(name, share >= MIXED, told, ORDERED)


def _ratios(patient: Patient, watch: Watch) -> dict[str, float]:
    """Return the largest of the first steps, of the size at first, for each matrix that is not small."""
    layout = _layout(patient, patient.data)
    found = {}
    with np.errstate(all="ignore"):
        for name, parameter in layout.trained.parameters.items():
            part = [weights[layout.slices[name]] for weights in watch.weights]
            if parameter.weight and part and _size(part[0], parameter) > SMALL:
                steps = [np.linalg.norm(after - before) for before, after in pairwise(part)]
                largest = max(steps) if np.isfinite(steps).all() else np.inf
                found[name] = float(largest / np.linalg.norm(part[0]))
    return found


def _size(weights: Array, parameter: Parameter) -> float:
    """Return what weights make of inputs of size 1: about 1 for the usual initialisers."""
    return float(np.sqrt(np.mean(np.square(weights)) * (parameter.size // parameter.shape[-1])))


def _layout(patient: Patient, data: DataSet) -> Layout:
    from pipeline.engine import numpy_backend

    batch = Table.of(data, "train", patient.spec.dtype, numpy_backend()).batch
    return discovered(patient.parts, batch, patient.spec.dtype, f"data of {patient.spec.node}")


def _lower(patient: Patient) -> str:
    rates = [name for name in patient.options if name.endswith(".lr")]
    return f"lower {rates[0]} ({patient.options[rates[0]]:g})" if rates else "take shorter ones"


def _entropy(labels: Array) -> float:
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
