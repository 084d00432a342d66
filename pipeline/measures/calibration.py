"""Whether probabilities of classes are frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def expected_calibration_error(labels: Array, probabilities: Array, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy over bins of equal width.

    `probabilities` are (rows, classes), confidence is the largest of a row.  Guo et al. 2017
    (arXiv:1706.04599), equation 3.
    """
    count, confidence, accuracy = reliability(labels, probabilities, bins)
    return float((count * np.abs(confidence - accuracy)).sum() / len(labels))


def reliability(labels: Array, probabilities: Array, bins: int = 15) -> tuple[Array, Array, Array]:
    """Return each bin's count of rows, mean confidence and accuracy, (bins,) each; 0 where it is empty."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    sums = (np.bincount(bin_of, weights=values, minlength=bins) for values in (confidence, right))
    means = [total / np.maximum(count, 1) for total in sums]
    return count, means[0], means[1]
