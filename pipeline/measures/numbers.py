"""Measures of predicted numbers, fast enough to be resampled; scikit-learn gives the same.

Targets and values are (rows, columns); what is measured of each column is averaged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def squared_error(targets: Array, values: Array) -> float:
    """Return the mean squared error."""
    return float(np.square(values - targets).mean())


def rms_error(targets: Array, values: Array) -> float:
    """Return the root of the mean squared error, of each column by itself."""
    return float(np.sqrt(np.square(values - targets).mean(axis=0)).mean())


def absolute_error(targets: Array, values: Array) -> float:
    """Return the mean absolute error."""
    return float(np.abs(values - targets).mean())


def median_error(targets: Array, values: Array) -> float:
    """Return the median of absolute errors, of each column by itself."""
    return float(np.median(np.abs(values - targets), axis=0).mean())


def huber_error(targets: Array, values: Array, delta: float = 1.0) -> float:
    """Return the mean of half the squared error, growing linearly beyond `delta`.  Huber 1964."""
    miss = np.abs(values - targets)
    inside = np.minimum(miss, delta)
    return float((inside * (miss - 0.5 * inside)).mean())


def quantile_error(targets: Array, values: Array, level: float = 0.5) -> float:
    """Return the mean of `level` times what values miss below targets, (1 - level) above.

    Koenker & Bassett 1978.
    """
    miss = targets - values
    return float(np.maximum(level * miss, (level - 1) * miss).mean())


def r2(targets: Array, values: Array) -> float | None:
    """Return the share of the targets' squares about their mean that is explained; None for one row."""
    if len(targets) < 2:
        return None
    return _explained(np.square(values - targets), np.square(targets - targets.mean(axis=0)))


def explained_variance(targets: Array, values: Array) -> float | None:
    """Return the share of the targets' variance that is explained, a bias forgiven; None for one row."""
    if len(targets) < 2:
        return None
    misses = values - targets
    centred = np.square(misses - misses.mean(axis=0))
    return _explained(centred, np.square(targets - targets.mean(axis=0)))


def bias(targets: Array, values: Array) -> float:
    """Return the mean of values less targets."""
    return float((values - targets).mean())


def share_below(targets: Array, values: Array) -> float:
    """Return the share of targets below their values."""
    return float((targets < values).mean())


def _explained(left: Array, all_of_it: Array) -> float:
    """Return 1 - left / all; of a constant column 1 where nothing is left, else 0, as scikit-learn does."""
    left, all_of_it = left.sum(axis=0), all_of_it.sum(axis=0)
    constant = all_of_it == 0
    shares = 1 - left / np.where(constant, 1, all_of_it)
    return float(np.where(constant, (left == 0).astype(float), shares).mean())
