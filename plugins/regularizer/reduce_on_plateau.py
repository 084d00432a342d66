"""A learning rate that falls where validation no longer improves."""

from typing import Literal

from pipeline import Verdict, regularizer, watched
from pipeline.options import Count, Fraction, Natural, NonNegative


@regularizer
def reduce_on_plateau(
    objective,
    *,
    factor: Fraction = 0.3,
    patience: Count = 5,
    cooldown: Natural = 0,
    metric: Literal["loss", "accuracy", "rmse"] = "loss",
    tolerance: NonNegative = 0.0,
    floor: Fraction = 1e-3,
):
    """Multiply the optimizer's `lr` by `factor` once `patience` epochs were no better than the best before.

    An epoch is better if its metric beats the best by more than `tolerance`.  After a fall `cooldown` epochs
    do not count.  The rate never falls below `floor` times the first; a schedule's factor comes on top.
    PyTorch's ReduceLROnPlateau waits for one epoch more than its `patience`.
    """
    options = {"patience": patience, "cooldown": cooldown, "metric": metric}
    objective.after_epoch(_paced, factor=factor, tolerance=tolerance, floor=floor, **options)


def _paced(history, *, factor, patience, cooldown, metric, tolerance, floor):
    best, rate, bad, resting = float("inf"), 1.0, 0, 0
    for value in watched(history, metric):
        if value < best - tolerance:
            best, bad = value, 0
        elif not resting:
            bad += 1
        resting = max(resting - 1, 0)
        if bad == patience:
            rate, bad, resting = max(rate * factor, min(floor, rate)), 0, cooldown
    return Verdict(rate=rate)
