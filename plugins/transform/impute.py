"""Missing inputs, filled."""

import numpy as np

from pipeline import DataError, transform


@transform
def impute(data, rng):
    """Fill each missing input (NaN) with the mean of its feature over the train rows that have it."""
    return data.prepared_by(filled, means=train_means(data)).replace(missing=False)


def filled(inputs, means):
    """Return the inputs (rows, *features) with `means` (*features) in the place of NaN."""
    return np.where(np.isnan(inputs), means, inputs).astype(inputs.dtype, copy=False)


def train_means(data):
    """Return each feature's mean over the train rows that have it; DataError where none has."""
    train, _ = data.split("train")
    there = ~np.isnan(train)
    empty = np.argwhere(~there.any(axis=0))
    if len(empty):
        place = tuple(int(i) for i in empty[0])
        name = data.features[place[0]] if data.features else ", ".join(map(str, place))
        raise DataError(f"no train row has the feature {name}\n    leave the feature out, or hide less")
    return np.where(there, train, 0).sum(axis=0, dtype=np.float64) / there.sum(axis=0)
