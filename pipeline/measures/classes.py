"""Measures of probabilities of classes, fast enough to be resampled; scikit-learn gives the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def accuracy(labels: Array, probabilities: Array) -> float:
    """Return the share of rows whose likeliest class is their label; probabilities are (rows, classes)."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def log_loss(labels: Array, probabilities: Array) -> float:
    """Return the mean -log p of the rows' labels in nats; no p counts as less than the dtype's precision."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, np.finfo(probabilities.dtype).eps)).mean())


def brier(labels: Array, probabilities: Array) -> float:
    """Return the mean squared distance to the right corner, from 0 to 2.  Brier 1950, equation 2."""
    right = np.eye(probabilities.shape[1])[labels]
    return float(np.square(probabilities - right).sum(axis=1).mean())


def confusion(labels: Array, probabilities: Array) -> Array:
    """Return how many rows of each class (first axis) were taken for which: (classes, classes)."""
    classes = probabilities.shape[1]
    pairs = labels * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def macro_f1(labels: Array, probabilities: Array) -> float:
    """Return the mean of F1 = 2·right / (rows of + rows taken for), over classes that are one of these."""
    counts = confusion(labels, probabilities)
    size = counts.sum(axis=0) + counts.sum(axis=1)
    return float((2 * counts.diagonal()[size > 0] / size[size > 0]).mean())


def auroc(labels: Array, probabilities: Array) -> float | None:
    """Return how often a row of a class is thought likelier to be of it than one of another, classes' mean.

    None where a class has no row: it is undefined there.  Hanley & McNeil 1982; one class against the rest.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    if (counts == 0).any():
        return None
    each = [1] if classes == 2 else range(classes)
    found = []
    for k in each:
        ranks = _ranks(probabilities[:, k])[labels == k]
        wins = ranks.sum() - counts[k] * (counts[k] + 1) / 2
        found.append(wins / (counts[k] * (len(labels) - counts[k])))
    return float(np.mean(found))


def _ranks(values: Array) -> Array:
    """Return each value's place among all, from 1; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
