"""How much an ensemble gains by averaging, forecast from what its members do alone."""

import numpy as np

from pipeline import DataError, evaluate


@evaluate
def committee(model, data, *, split: str = "test"):
    """Measure the members' squared errors: their mean `variance` v, and mean `covariance` c of two of them.

    The average of k members has the error v/k + (k-1)c/k, the `forecast`, which stands beside the
    `averaged` error as measured.  Of classes these are the errors of probabilities, summed over the classes.
    Goodfellow et al. 2016, Deep Learning, equation 7.51, with v and c as measured.
    """
    targets = _wanted(model, data, split)
    members = model.networks
    if len(members) < 2:
        raise DataError("a committee has several networks, and the model is one\n    give an ensemble")
    errors = np.stack([network.predict_split(data, split) - targets for network in members]).astype(float)
    products = np.einsum("iro,jro->ij", errors, errors) / len(targets)
    k = len(members)
    v, c = np.trace(products) / k, (products.sum() - np.trace(products)) / (k * (k - 1))
    averaged = np.square(errors.mean(axis=0)).sum(axis=-1).mean()
    return {
        "members": float(k),
        "variance": float(v),
        "covariance": float(c),
        "forecast": float(v / k + (k - 1) * c / k),
        "averaged": float(averaged),
    }


def _wanted(model, data, split):
    _, targets = data.split(split)
    if model.task != data.task or targets is None:
        raise DataError(f"the model predicts {model.task}, but the data holds {data.task}")
    if data.task == "classes":
        return np.eye(len(data.classes))[targets]
    return targets.reshape(len(targets), -1)
