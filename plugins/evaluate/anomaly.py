"""How well a model tells anomalies from the rest."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate, exhibits
from pipeline.options import Natural


@evaluate
def anomaly(
    model,
    data,
    *,
    split: str = "test",
    by: Literal["reconstruction", "density"] = "reconstruction",
    head: str = "log_density",
    shown: Natural = 10,
):
    """Score each row and measure how the scores tell those of the auxiliary targets `anomaly`: 1, others 0.

    By `reconstruction` the score is the mean squared error, by `density` the negative log-density, the
    model's `head`.  `auroc`: the chance that an anomaly has a higher score than another row;
    `average_precision`; `found`: 1 where the highest score of all is an anomaly's, else 0.  The rows with
    the `shown` highest scores are drawn where they are images; the scores in order where they are not.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    marks = _marks(data, split)
    scores = _rebuilt(model, data, split) if by == "reconstruction" else _unlikely(model, data, split, head)
    return {
        "auroc": float(roc_auc_score(marks, scores)),
        "average_precision": float(average_precision_score(marks, scores)),
        "found": float(marks[scores.argmax()]),
        "scores": _exhibit(data.split(split)[0], marks, scores, shown),
    }


def _marks(data, split):
    if "anomaly" not in data.auxiliary:
        raise DataError(
            "the data does not say which rows are anomalies: it has no auxiliary targets `anomaly`\n"
            "    put transform.leave_out before training"
        )
    marks = data.auxiliary["anomaly"][data.rows(split)]
    if len(np.unique(marks)) < 2:
        raise DataError(f"split {split!r} needs rows of both kinds, anomalies and others")
    return marks


def _rebuilt(model, data, split):
    _, targets = data.split(split)
    rebuilt = model.predict_split(data, split).astype(np.float64)
    if targets.shape != rebuilt.shape:
        raise DataError(
            f"the model gives {rebuilt.shape[1]} numbers a row, but the targets are {targets.shape}\n"
            "    put transform.reconstruct before training, or say `by: density`"
        )
    return np.square(rebuilt - targets).mean(axis=1)


def _unlikely(model, data, split, head):
    return -model.head(head, model.prepared(data, split)).reshape(-1).astype(np.float64)


def _exhibit(inputs, marks, scores, shown):
    if inputs.ndim == 3 and shown:
        order = np.argsort(-scores, kind="stable")[:shown]
        labels = ["anomaly" if mark else "other" for mark in marks[order]]
        return exhibits.Images(inputs[order], caption="The highest scores", labels=labels)
    rows = np.arange(len(scores))
    series = {"score": scores, "anomaly": marks * scores.max()}
    return exhibits.Lines(rows, series, caption="Scores in the order of rows", x_name="row", y_name="score")
