"""Measures of a model of numbers."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate

Metric = Literal["rmse", "mae", "r2", "explained_variance"]


@evaluate
def regression(
    model,
    data,
    *,
    split: str = "test",
    metrics: tuple[Metric, ...] = ("rmse", "mae", "r2", "explained_variance"),
) -> dict[str, float]:
    """Measure root mean squared and mean absolute error (the targets' unit), R² and explained variance.

    Several target columns are averaged.  R² and explained variance are left out for fewer than two rows:
    they are undefined there.
    """
    if model.task != "regression" or data.task != "regression":
        raise DataError(
            f"regression measures numbers; the model is for {model.task}, the data for {data.task}\n"
            "    use evaluate.classification for classes"
        )
    _, targets = data.split(split)
    values = model.predict_split(data, split).astype(np.float64)
    targets = targets.reshape(values.shape)
    measured = {name: _measure(name, targets, values) for name in metrics}
    return {name: float(value) for name, value in measured.items() if value is not None}


def _measure(name, targets, values):
    from sklearn import metrics

    if name in ("r2", "explained_variance") and len(targets) < 2:
        return None
    functions = {
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
        "r2": metrics.r2_score,
        "explained_variance": metrics.explained_variance_score,
    }
    return functions[name](targets, values)
