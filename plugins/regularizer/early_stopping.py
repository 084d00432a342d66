"""Training that ends when validation no longer improves."""

from typing import Literal

from pipeline import Verdict, regularizer, watched
from pipeline.options import Count, NonNegative


@regularizer
def early_stopping(
    objective,
    *,
    patience: Count = 5,
    metric: Literal["loss", "accuracy", "rmse"] = "loss",
    tolerance: NonNegative = 0.0,
):
    """Stop `patience` epochs after the best one on the validation split, and go back to its weights.

    An epoch is better if its metric beats the best by more than `tolerance`.  Prechelt 1998.
    """
    objective.after_epoch(_watch, patience=patience, metric=metric, tolerance=tolerance)


def _watch(history, *, patience, metric, tolerance):
    best, best_epoch = float("inf"), 0
    for epoch, value in enumerate(watched(history, metric)):
        if value < best - tolerance:
            best, best_epoch = value, epoch
    last = len(history) - 1
    return Verdict(stop=last - best_epoch >= patience, best=last == best_epoch)
