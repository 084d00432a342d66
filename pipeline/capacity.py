"""How much a family of models can say, and how much of what it learns is to be trusted.

A set of points is shattered by linear classifiers if they can tell it apart in every labelling; the largest
set that can be shattered in d dimensions has d + 1 points, their Vapnik-Chervonenkis dimension.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.errors import DataError, OptionError

MOST_POINTS = 14  # 2^14 linear programs take some seconds

__all__ = ["separable", "shattered", "simplest", "vc_bound"]


def vc_bound(error: float, rows: int, dimension: int, confidence: float = 0.95) -> float:
    """Return what the expected error is below, with `confidence`, given that on `rows` training rows.

    error + sqrt((h (ln(2n/h) + 1) - ln(δ/4)) / n) for classifiers of VC dimension h: Vapnik 1998, Statistical
    Learning Theory, (4.41) and (4.43).  At most 1, and 1 where there are fewer rows than h.
    """
    if not 0 <= error <= 1 or rows < 1 or dimension < 1 or not 0 < confidence < 1:
        raise OptionError(
            f"vc_bound({error}, {rows}, {dimension}, {confidence})\n"
            "    allowed: an error of 0 to 1, rows and dimension of 1 or more, a confidence between 0 and 1"
        )
    if rows < dimension:
        return 1.0
    growth = dimension * (math.log(2 * rows / dimension) + 1)
    return min(1.0, error + math.sqrt((growth - math.log((1 - confidence) / 4)) / rows))


def separable(points: ArrayLike, labels: ArrayLike) -> bool:
    """Return whether a hyperplane has the points (n, d) with label 1 on one side, those with 0 on the other.

    It is a linear program: are there w and b with ±(w·x + b) ≥ 1 for every point?
    """
    from scipy.optimize import linprog

    x, signs = _points(points), 2.0 * np.asarray(labels, dtype=np.float64).reshape(-1) - 1
    if len(signs) != len(x) or not np.isin(signs, (-1, 1)).all():
        raise DataError(f"{len(x)} points, and labels {np.asarray(labels)!r}\n    give a 0 or 1 for each")
    sides = -signs[:, None] * np.hstack([x, np.ones((len(x), 1))])
    found: Any = linprog(
        np.zeros(x.shape[1] + 1), A_ub=sides, b_ub=-np.ones(len(x)), bounds=(None, None), method="highs"
    )
    return bool(found.status == 0)


def shattered(points: ArrayLike) -> bool:
    """Return whether hyperplanes separate the points (n, d) in each of their 2^n labellings."""
    x = _points(points)
    if len(x) > MOST_POINTS:
        raise OptionError(f"{len(x)} points have 2^{len(x)} labellings\n    allowed: {MOST_POINTS} at most")
    return all(separable(x, labels) for labels in product((0, 1), repeat=len(x)))


def simplest(means: Sequence[float], errors: Sequence[float], *, larger_is_better: bool = False) -> int:
    """Return the first of models, listed from simple to complex, within one standard error of the best.

    `means` are their scores, `errors` the standard errors of these: Breiman et al. 1984, section 3.4.3.
    """
    if not means or len(means) != len(errors):
        raise OptionError(f"{len(means)} means and {len(errors)} errors\n    give one of each for a model")
    losses = [-mean if larger_is_better else mean for mean in means]
    best = min(range(len(losses)), key=lambda i: losses[i])
    return next(i for i, loss in enumerate(losses) if loss <= losses[best] + errors[best])


def _points(points: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or not x.size or not np.isfinite(x).all():
        raise DataError(f"points of shape {x.shape}\n    allowed: (points, dimensions), finite numbers")
    return x
