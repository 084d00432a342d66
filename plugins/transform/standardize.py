"""Inputs of mean 0 and standard deviation 1."""

import numpy as np

from pipeline import transform


@transform
def standardize(data, rng):
    """Subtract each feature's mean and divide by its standard deviation, both over the train rows.

    A feature that is constant there is only shifted.  Predictions prepare new inputs in the same way.
    """
    train, _ = data.split("train")
    scale = train.std(axis=0, dtype=np.float64)
    # rounding gives a constant column a deviation that is tiny and not 0
    scale[np.ptp(train, axis=0) == 0] = 1.0
    return data.prepared_by(standardized, mean=train.mean(axis=0, dtype=np.float64), scale=scale)


def standardized(inputs, mean, scale):
    """Return the inputs (rows, *features) shifted and scaled, in their dtype."""
    return ((inputs - mean) / scale).astype(inputs.dtype, copy=False)
