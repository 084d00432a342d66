"""What distributions over the last axis hold and how they differ, in nats.

Shannon 1948; Kullback & Leibler 1951.

`cross_entropy(p, q) = entropy(p) + kl_divergence(p, q)`: what a code for q costs of p is what p holds and
what q misses of it.  So a model q of the greatest likelihood on data p is the one of the least divergence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError

Array = npt.NDArray[np.floating[Any]]


def entropy(p: npt.ArrayLike) -> Array:
    """Return -Σ p log p of probabilities (..., n): (...)."""
    p = _probabilities(p)
    return -_products(p, p)


def cross_entropy(p: npt.ArrayLike, q: npt.ArrayLike) -> Array:
    """Return -Σ p log q of probabilities (..., n): (...), infinite where q is 0 and p is not."""
    return -_products(_probabilities(p), _probabilities(q))


def kl_divergence(p: npt.ArrayLike, q: npt.ArrayLike) -> Array:
    """Return Σ p log(p / q) of probabilities (..., n): (...), 0 where they are equal, and never less.

    Infinite where q is 0 and p is not.
    """
    p, q = _probabilities(p), _probabilities(q)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    # of equal distributions rounding may leave a sum just below 0
    return np.maximum(terms.sum(axis=-1), 0.0)  # type: ignore[no-any-return]


def _products(p: Array, q: Array) -> Array:
    """Return Σ p log q, where 0 log 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(q), 0.0).sum(axis=-1)  # type: ignore[no-any-return]


def _probabilities(p: npt.ArrayLike) -> Array:
    given = np.asarray(p)
    array: Array = given if given.dtype.kind == "f" else given.astype(np.float64)
    if array.ndim == 0 or not np.isfinite(array).all() or (array < 0).any():
        raise DataError(
            "probabilities are numbers from 0, along the last axis\n    give an array (..., n) without NaN"
        )
    if not np.allclose(array.sum(axis=-1), 1, atol=1e-3):
        raise DataError("probabilities sum to 1 along the last axis\n    divide them by their sum")
    return array
