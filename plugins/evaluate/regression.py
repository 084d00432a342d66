"""Measures of a model of numbers."""

from functools import partial
from typing import Literal

import numpy as np

from pipeline import DataError, evaluate, measures
from pipeline.options import Count, Fraction, Natural, Positive

Metric = Literal[
    "rmse", "mae", "r2", "explained_variance", "mse", "huber", "quantile", "median_error", "bias", "below"
]


@evaluate
def regression(
    model,
    data,
    *,
    split: str = "test",
    metrics: tuple[Metric, ...] = ("rmse", "mae", "r2", "explained_variance"),
    delta: Positive = 1.0,
    level: Fraction = 0.5,
    intervals: bool = False,
    resamples: Count = 1000,
    seed: Natural = 0,
):
    """Measure root mean squared and mean absolute error (the targets' unit), R² and explained variance.

    There are also the mean squared and the median absolute error, the mean losses of loss.huber with `delta`
    and loss.quantile at `level`, the mean error `bias` and the share of targets `below` predictions.
    Squares fear rare large errors, absolute values frequent medium ones.  Several target columns are
    averaged.  R² and explained variance are left out for fewer than two rows: they are undefined there.
    With `intervals` each number gets bounds of 95 %, `NAME_low` and `NAME_high`, by a bootstrap of
    `resamples` draws from `seed`.
    """
    if model.task != "regression" or data.task != "regression":
        raise DataError(
            f"regression measures numbers; the model is for {model.task}, the data for {data.task}\n"
            "    use evaluate.classification for classes"
        )
    _, targets = data.split(split)
    values = model.predict_split(data, split).astype(np.float64)
    targets = targets.reshape(values.shape)
    found = {}
    for name in metrics:
        measure = _measure(name, delta, level)
        if (value := measure(targets, values)) is not None:
            found[name] = float(value)
            if intervals:
                bounds = measures.bootstrap(measure, targets, values, seed=seed, resamples=resamples)
                found |= dict(zip((f"{name}_low", f"{name}_high"), bounds, strict=True))
    return found


def _measure(name, delta, level):
    functions = {
        "rmse": measures.rms_error,
        "mae": measures.absolute_error,
        "r2": measures.r2,
        "explained_variance": measures.explained_variance,
        "mse": measures.squared_error,
        "huber": partial(measures.huber_error, delta=delta),
        "quantile": partial(measures.quantile_error, level=level),
        "median_error": measures.median_error,
        "bias": measures.bias,
        "below": measures.share_below,
    }
    return functions[name]
