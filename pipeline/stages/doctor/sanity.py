"""Short trainings whose outcome is known: few rows are learnt by heart, shuffled labels cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.dataset import DataSet
from pipeline.stages.doctor.finding import Finding
from pipeline.stages.doctor.losses import expected_loss
from pipeline.stages.doctor.patient import EPOCHS, Patient
from pipeline.stages.results import MemberResult

Array = NDArray[Any]
TINY, TINY_STEPS, LEARNT = 16, 400, 0.5
DEVIATIONS = 3.0


def check_tiny_batch(patient: Patient) -> Finding:
    """Train on a few rows alone, without regularization: the loss must fall to a fraction."""
    name = "tiny batch"
    if patient.parts.optimizer is None:
        return Finding(name, "not checked", "the train stage makes steps of its own")
    rows = patient.rng("tiny").permutation(np.unique(patient.data.rows("train")))[:TINY]
    result = patient.trained(_only(patient.data, rows), epochs=TINY_STEPS, plain=TINY)
    if result.state == "failed":
        return Finding(name, "bad", f"the training on {len(rows)} rows diverged", str(result.error))
    first, last = result.history[0]["train_loss"], result.history[-1]["train_loss"]
    told = f"the loss of {len(rows)} rows goes from {first:.4g} to {last:.4g} in {TINY_STEPS} steps"
    advice = "what learns nothing by heart learns nothing: look at units, learning rate, loss"
    return Finding.of(name, last <= LEARNT * first or last < 1e-6, told, advice)


def check_labels(patient: Patient) -> list[Finding]:
    """Train for a few epochs with the labels, and with shuffled ones: only the first may beat the prior."""
    data = patient.fewer
    assert data.targets is not None
    if data.task != "classes" and not expected_loss(patient)[0] > 0:
        return [Finding("labels", "not checked", "the loss does not compare the outputs with the targets")]
    mixed = data.replace(targets=data.targets[patient.rng("shuffle").permutation(len(data))])
    true = _Score.of(patient.shortly, data)
    false = _Score.of(patient.trained(mixed, epochs=EPOCHS), mixed)
    return [
        Finding.of(
            "labels",
            true.beats,
            f"after {true.epochs} epochs {true.told}",
            "inputs tell nothing of labels: does each stand at its own row? is the learning rate right?",
        ),
        Finding.of(
            "shuffled labels",
            not false.beats,
            f"after {false.epochs} epochs {false.told}",
            "labels without meaning are told right, so validation rows are known from training",
        ),
    ]


@dataclass(frozen=True)
class _Score:
    """A validation score beside the prior's."""

    beats: bool
    told: str
    epochs: int

    @classmethod
    def of(cls, result: MemberResult, data: DataSet) -> _Score:
        if result.network is None:
            return cls(False, "the training had diverged", result.epochs)
        train, targets = data.split("train")[1], data.split("validation")[1]
        assert train is not None
        assert targets is not None
        predicted = result.network.predict_split(data, "validation")
        compare = _classes if data.task == "classes" else _numbers
        beats, told = compare(predicted, train, targets)
        return cls(beats, told, result.epochs)


def _classes(predicted: Array, train: Array, targets: Array) -> tuple[bool, str]:
    """Compare the accuracy with that of the commonest class, by three deviations of a binomial."""
    share = float((targets == np.bincount(train).argmax()).mean())
    accuracy = float((predicted.argmax(axis=1) == targets).mean())
    margin = DEVIATIONS * (max(share * (1 - share), 0.25 / len(targets)) / len(targets)) ** 0.5
    told = f"validation accuracy is {accuracy:.3f}, the commonest class's {share:.3f} ± {margin:.3f}"
    return accuracy > share + margin, told


def _numbers(predicted: Array, train: Array, targets: Array) -> tuple[bool, str]:
    """Compare the squared errors with those of the mean, row by row, by three deviations of their mean."""
    wanted = targets.reshape(predicted.shape)
    mean = train.reshape(len(train), -1).mean(axis=0)
    gains = np.square(wanted - mean).sum(axis=1) - np.square(wanted - predicted).sum(axis=1)
    margin = DEVIATIONS * float(gains.std()) / len(gains) ** 0.5
    told = f"the squared error is {gains.mean():.4g} ± {margin:.2g} below that of the mean"
    return bool(gains.mean() > margin), told


def _only(data: DataSet, rows: Array) -> DataSet:
    """Return the data with these train rows and no other split but the unlabelled one."""
    kept = {name: other for name, other in data.splits.items() if name == "unlabelled"}
    return data.replace(splits={"train": np.sort(rows), **kept})
