"""Measures of a classifier."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate, exhibits, measures
from pipeline.options import Count, Natural

Metric = Literal[
    "accuracy", "log_loss", "f1", "auroc", "ece", "brier", "perplexity", "confusion", "calibration"
]


@evaluate
def classification(
    model,
    data,
    *,
    split: str = "test",
    metrics: tuple[Metric, ...] = ("accuracy", "log_loss", "f1", "auroc", "ece"),
    intervals: bool = False,
    resamples: Count = 1000,
    seed: Natural = 0,
):
    """Measure accuracy, log loss (nats), macro F1, one-against-rest AUROC, expected calibration error.

    There are also the Brier score, the perplexity (exp of the log loss), and two exhibits: `confusion`, a
    table, and `calibration`, accuracy over confidence.  AUROC is left out where the split lacks a class: it
    is undefined there.  With `intervals` each number gets bounds of 95 %, `NAME_low` and `NAME_high`: the
    accuracy's by Wilson, others by a bootstrap of `resamples` draws from `seed`.
    """
    if model.task != "classes" or data.task != "classes":
        raise DataError(
            f"classification measures classes; the model is for {model.task}, the data for {data.task}\n"
            "    use evaluate.regression for numbers"
        )
    _, labels = data.split(split)
    probabilities = model.predict_split(data, split).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    found = {name: SHOWN[name](labels, probabilities, data.classes) for name in metrics if name in SHOWN}
    for name in metrics:
        if name not in SHOWN and (value := MEASURES[name](labels, probabilities)) is not None:
            found[name] = float(value)
            if intervals:
                bounds = _interval(name, labels, probabilities, resamples, seed)
                found |= dict(zip((f"{name}_low", f"{name}_high"), bounds, strict=True))
    return found


def _interval(name, labels, probabilities, resamples, seed):
    if name == "accuracy":
        return measures.wilson((probabilities.argmax(axis=1) == labels).sum(), len(labels))
    return measures.bootstrap(MEASURES[name], labels, probabilities, seed=seed, resamples=resamples)


def _perplexity(labels, probabilities):
    return measures.perplexity(measures.log_loss(labels, probabilities))


MEASURES = {
    "accuracy": measures.accuracy,
    "log_loss": measures.log_loss,
    "f1": measures.macro_f1,
    "auroc": measures.auroc,
    "ece": measures.expected_calibration_error,
    "brier": measures.brier,
    "perplexity": _perplexity,
}


def _confusion(labels, probabilities, classes):
    counts = measures.confusion(labels, probabilities).tolist()
    rows = [(name, *row) for name, row in zip(classes, counts, strict=True)]
    caption = "How many rows of each class (left) were taken for which (above)"
    return exhibits.Table(("", *classes), rows, caption)


def _calibration(labels, probabilities, classes):
    count, confidence, accuracy = measures.reliability(labels, probabilities)
    filled = count > 0
    series = {"accuracy": accuracy[filled], "as it should be": confidence[filled]}
    caption = "How often predictions are right, by their confidence"
    return exhibits.Lines(confidence[filled], series, caption, "confidence", "accuracy")


SHOWN = {"confusion": _confusion, "calibration": _calibration}
