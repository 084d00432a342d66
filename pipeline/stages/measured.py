"""What a train node says of a predictor that it made, where no cohort in training can be measured."""

from __future__ import annotations

import numpy as np

from pipeline.stages.dataset import DataSet
from pipeline.stages.predictor import Predictor
from pipeline.stages.tables import VALIDATION


def measured(model: Predictor, data: DataSet) -> dict[str, float]:
    """Return what a train node says of its networks: the training loss, metrics on the validation split.

    Without a validation split they are those of the train split and are called so.
    """
    found = {"train_loss": model.loss(data, "train")}
    if VALIDATION not in data.splits:
        return {**found, **{f"train_{name}": value for name, value in _errors(model, data, "train").items()}}
    return {**found, **_errors(model, data, VALIDATION), "loss": model.loss(data, VALIDATION)}


def _errors(model: Predictor, data: DataSet, split: str) -> dict[str, float]:
    predicted = model.predict_split(data, split)
    targets = np.asarray(data.split(split)[1])
    if data.task == "classes":
        return {"accuracy": float((predicted.argmax(axis=1) == targets).mean())}
    return {"rmse": float(np.square(predicted - targets.reshape(predicted.shape)).mean() ** 0.5)}
