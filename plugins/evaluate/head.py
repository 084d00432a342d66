"""Measures of a model's further output."""

import numpy as np

from pipeline import DataError, evaluate


@evaluate
def head(model, data, *, head: str = "auxiliary", target: str = "", split: str = "test"):
    """Measure the head `head` by the further targets `target`, by default of the same name.

    Where these are class numbers: accuracy and log loss (nats), of the rows that have one (not -1); of
    numbers the root mean squared error.
    """
    targets = _targets(data, target or head)[data.rows(split)]
    outputs = model.head(head, model.prepared(data, split)).astype(np.float64)
    if targets.dtype.kind == "f":
        return {"rmse": float(np.square(outputs.reshape(targets.shape) - targets).mean() ** 0.5)}
    known = targets >= 0
    if not known.any():
        raise DataError(f"no row of the split {split!r} has a further target {target or head!r}")
    return _of_classes(outputs[known], targets[known])


def _targets(data, name):
    if name not in data.auxiliary:
        raise DataError(
            f"the data has no further targets {name!r}\n"
            f"    allowed: {', '.join(data.auxiliary) or 'none: make some by transform.auxiliary'}"
        )
    return data.auxiliary[name]


def _of_classes(outputs, targets):
    from scipy.special import log_softmax

    log_p = log_softmax(outputs, axis=1)
    accuracy = (outputs.argmax(axis=1) == targets).mean()
    return {"accuracy": float(accuracy), "log_loss": float(-log_p[np.arange(len(targets)), targets].mean())}
