"""Training that ends when validation no longer improves."""

from typing import Literal

from pipeline import DataError, Verdict, regularizer
from pipeline.options import Count, NonNegative

HIGHER_IS_BETTER = ("accuracy",)


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
    sign = -1 if metric in HIGHER_IS_BETTER else 1
    best, best_epoch = float("inf"), 0
    for epoch, record in enumerate(history):
        if metric not in record:
            raise DataError(
                f"early_stopping watches {metric!r} on the validation split, and there are only "
                f"{', '.join(record)}; add a validation split (transform.split) or watch another metric"
            )
        if sign * record[metric] < best - tolerance:
            best, best_epoch = sign * record[metric], epoch
    last = len(history) - 1
    return Verdict(stop=last - best_epoch >= patience, best=last == best_epoch)
