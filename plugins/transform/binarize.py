"""Inputs of 0 and 1."""

import numpy as np

from pipeline import transform


@transform
def binarize(data, rng, *, threshold: float = 0.5):
    """Make each input 1 where it is above `threshold` and 0 elsewhere, for models of binary inputs."""
    return data.prepared_by(binary, threshold=threshold)


def binary(inputs, threshold):
    """Return 1 for inputs above `threshold`, 0 for others, in their dtype."""
    return np.where(inputs > threshold, 1, 0).astype(inputs.dtype)
