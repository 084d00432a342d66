"""Extreme eigenvalues of a symmetric matrix from its products with vectors: it is not formed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.random import generator

Array = npt.NDArray[Any]
LOOK = 5  # iterations between looks at the eigenvalues of the small matrix


@dataclass(frozen=True, eq=False)
class Extremes:
    """The smallest and the largest eigenvalue, their eigenvectors (size,), and bounds of their errors.

    `products` counts the products that were taken.
    """

    smallest: float
    largest: float
    lowest: Array
    highest: Array
    errors: tuple[float, float]
    products: int

    @property
    def condition(self) -> float:
        """The largest over the smallest eigenvalue; infinite unless both have one sign."""
        if self.smallest * self.largest <= 0:
            return math.inf
        sizes = sorted((abs(self.smallest), abs(self.largest)))
        return sizes[1] / sizes[0]


def extremes(
    product: Callable[[Array], Array],
    size: int,
    *,
    iterations: int = 200,
    tolerance: float = 1e-8,
    seed: int = 0,
    dtype: npt.DTypeLike = "float64",
) -> Extremes:
    """Find the extreme eigenvalues of the symmetric matrix whose product with v (size,) is `product(v)`.

    Lanczos 1950 with full reorthogonalisation (Golub & Van Loan 2013, algorithm 10.1.1 and section 10.3.1),
    from a vector drawn by `seed`, until both errors are below `tolerance` times the largest size of an
    eigenvalue, or after `iterations`.  It finds each eigenvalue once, however many vectors belong to it.
    """
    start = generator(seed, "lanczos", size).standard_normal(size)
    basis = np.empty((min(iterations, size), size), np.dtype(dtype))
    basis[0] = start / np.linalg.norm(start)
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        count = len(diagonal)
        bent = product(basis[count])
        diagonal.append(float(np.dot(basis[count], bent)))
        count += 1
        rest = _orthogonal(bent, basis[:count])
        beside.append(float(np.linalg.norm(rest)))
        scale = max(map(abs, (*diagonal, *beside)))
        closed = beside[-1] <= np.finfo(basis.dtype).eps * scale * 10
        if closed or count == len(basis) or count % LOOK == 0:
            values, vectors = np.linalg.eigh(_tridiagonal(diagonal, beside))
            errors = beside[-1] * np.abs(vectors[-1, [0, -1]])
            if closed or count == len(basis) or errors.max() <= tolerance * np.abs(values).max():
                break
        basis[count] = rest / beside[-1]
    low, high = (basis[:count].T @ vectors[:, place] for place in (0, -1))
    bounds = (float(errors[0]), float(errors[1]))
    return Extremes(float(values[0]), float(values[-1]), low, high, bounds, count)


def _orthogonal(v: Array, basis: Array) -> Array:
    """Return v without its parts along the rows of `basis`; twice, as once leaves rounding behind."""
    for _ in range(2):
        v = v - (basis @ v) @ basis
    return v


def _tridiagonal(diagonal: list[float], beside: list[float]) -> Array:
    return np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
