"""Inputs of mean 0 and standard deviation 1."""

import numpy as np

from pipeline import DataError, transform


@transform
def standardize(data, rng, *, targets: bool = False):
    """Subtract each feature's mean and divide by its standard deviation, both over the train rows.

    A feature that is constant there is only shifted.  Predictions prepare new inputs in the same way.
    Where inputs are missing, they count in neither and stay missing.  With `targets`, targets that are
    numbers are scaled as well: predictions and errors are then in units of their standard deviation.
    """
    if targets:
        data = _with_targets(data)
    train, _ = data.split("train")
    there = ~np.isnan(train) if data.missing else np.ones(train.shape, bool)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.sum(train, axis=0, dtype=np.float64, where=there) / count
    variance = np.sum(np.square(train - mean), axis=0, where=there) / count
    least = np.min(train, axis=0, where=there, initial=np.inf)
    # rounding gives a constant column a deviation that is tiny and not 0
    constant = least >= np.max(train, axis=0, where=there, initial=-np.inf)
    return data.prepared_by(standardized, mean=mean, scale=np.where(constant, 1.0, np.sqrt(variance)))


def _with_targets(data):
    _, train = data.split("train")
    if data.task != "regression":
        raise DataError(
            f"there are no numbers to scale: the data's task is {data.task}\n    leave out `targets: true`"
        )
    scale = train.std(axis=0, dtype=np.float64)
    scale = np.where(np.ptp(train, axis=0) > 0, scale, 1.0)
    scaled = (data.targets - train.mean(axis=0, dtype=np.float64)) / scale
    return data.replace(targets=scaled.astype(data.targets.dtype, copy=False))


def standardized(inputs, mean, scale):
    """Return the inputs (rows, *features) shifted and scaled, in their dtype."""
    return ((inputs - mean) / scale).astype(inputs.dtype, copy=False)
