"""Functions to minimise, for the rows on numerical computation: a valley, two regressions on real data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer, load_diabetes

from pipeline import ops
from pipeline.calculus import Function

Array = npt.NDArray[Any]
VALLEY = np.array([-1.2, 1.0])  # where minimisations of Rosenbrock's function begin
TINY = np.finfo(float).tiny


def rosenbrock() -> Function:
    """Return 100 (y - x²)² + (1 - x)².  Rosenbrock 1960."""

    def f(x: Any) -> Any:
        return ops.sum(100 * ops.square(x[1:] - ops.square(x[:-1])) + ops.square(1 - x[:-1]))

    return Function(f, VALLEY)


def logistic(decay: float = 1e-2) -> Function:
    """Return the mean loss of a logistic regression on breast_cancer, standardised, with ½·decay·Σw²."""
    x, sign = _standardised(load_breast_cancer)

    def f(w: Any) -> Any:
        margins = (2 * sign - 1) * (x @ w[:-1] + w[-1])
        return ops.mean(ops.softplus(-margins)) + 0.5 * decay * ops.sum(w * w)

    return Function(f, np.zeros(x.shape[1] + 1))


def least_squares() -> Function:
    """Return half the mean squared error of a linear regression on diabetes, standardised."""
    x, y = _standardised(load_diabetes)

    def f(w: Any) -> Any:
        return 0.5 * ops.mean(ops.square(x @ w[:-1] + w[-1] - y))

    return Function(f, np.zeros(x.shape[1] + 1))


def difference(one: Any, other: Any) -> float:
    """Return the largest difference of two arrays, relative to the largest size in the second."""
    a, b = np.asarray(one), np.asarray(other)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), TINY))


def _standardised(load: Any) -> tuple[Array, Array]:
    x, y = load(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), y
