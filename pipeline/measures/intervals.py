"""How far a measure of a sample may be from that of all examples."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.random import generator
from pipeline.errors import DataError

Array = npt.NDArray[Any]


def wilson(right: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Return the confidence interval of a share, `right` of `rows`.  Wilson 1927."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, shrink = right / rows, 1 + z**2 / rows
    centre = (share + z**2 / (2 * rows)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap(
    measure: Callable[..., float | None],
    *arrays: Array,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile interval of `measure(*arrays)` over resampled rows.  Efron 1979.

    Rows are drawn with replacement, the same of every array, and the same for the same seed.  Draws where
    the measure is None, as it is undefined there, are left out; DataError if all are.
    """
    rng, rows = generator(seed, "bootstrap"), len(arrays[0])
    draws = (rng.integers(0, rows, rows) for _ in range(resamples))
    found = [value for value in (measure(*(a[draw] for a in arrays)) for draw in draws) if value is not None]
    if not found:
        raise DataError(
            "the measure is undefined in every resample\n    give more rows, or ask for no interval"
        )
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
