"""The loss at given outputs, and that of a guess that knows nothing of the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PlaitError
from pipeline.stages.doctor.patient import Patient

Array = NDArray[Any]
TIMES, TIMES_OF_NUMBERS = 2.0, 4.0  # the guess's loss that is still a good beginning


def loss_at(patient: Patient, outputs: Array) -> float:
    """Return the mean of the node's loss over the first train rows, given their outputs (rows, outputs)."""
    targets = patient.data.split("train")[1]
    assert targets is not None  # the node was trained on them
    return _mean_loss(patient, outputs.astype(np.float64), targets[: len(outputs)])


def expected_loss(patient: Patient) -> tuple[float, str, float]:
    """Return the loss of outputs that are all equal, what they say, and how many times it may be exceeded.

    Of classes these are even odds, log(classes) nats for the softmax; of numbers their mean.
    """
    targets = patient.data.split("train")[1]
    assert targets is not None
    if patient.data.task == "classes":
        outputs = np.zeros((len(targets), patient.data.outputs(patient.parts.loss.stage.link)))
        return _mean_loss(patient, outputs, targets), "an even guess", TIMES
    columns = targets.reshape(len(targets), -1).astype(np.float64)
    mean = np.broadcast_to(columns.mean(axis=0), columns.shape)
    return _mean_loss(patient, mean, targets), "the mean of the targets", TIMES_OF_NUMBERS


def _mean_loss(patient: Patient, outputs: Array, targets: Array) -> float:
    loss = patient.parts.loss
    options = loss.member_options(patient.spec.members[0])
    try:
        with np.errstate(all="ignore"):
            return float(np.mean(loss.stage.function(outputs, targets, **options)))
    except PlaitError:
        raise
    except Exception:  # a loss whose outputs are no guess of the targets: a density, say
        return float("nan")
