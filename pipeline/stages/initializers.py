"""Initial values of parameters: functions of a generator and a shape, by name.

The last axis of a shape is the unit's own (its outputs), the axes before it are what a unit receives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StageError, nearest

Array = npt.NDArray[np.floating[Any]]
Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs a unit has and how many units an input reaches, kernels' windows included."""
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def he(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw normal numbers of variance 2 / fan-in: keeps a relu layer's scale.  He et al. 2015, eq. 10."""
    return rng.standard_normal(shape) * math.sqrt(2 / max(1, fans(shape)[0]))


def glorot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw uniform numbers of variance 2 / (fan-in + fan-out).  Glorot & Bengio 2010, eq. 16."""
    limit = math.sqrt(6 / max(1, sum(fans(shape))))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw a random orthonormal basis, the last axis as columns.  Saxe et al. 2014."""
    columns = shape[-1] if shape else 1
    rows = math.prod(shape) // max(1, columns)
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    basis, triangle = np.linalg.qr(tall)
    # Without the signs the basis would not be uniform: QR fixes the diagonal's.
    basis = basis * np.sign(np.diagonal(triangle))
    return np.ascontiguousarray(basis if rows >= columns else basis.T).reshape(shape)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw standard normal numbers."""
    return rng.standard_normal(shape)


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return zeros."""
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return ones."""
    return np.ones(shape)


def constant(value: float) -> Initializer:
    """Return an initializer that fills with `value`."""
    return lambda rng, shape: np.full(shape, float(value))


INITIALIZERS: dict[str, Initializer] = {
    function.__name__: function for function in (he, glorot, orthogonal, normal, zeros, ones)
}


def initializer(init: str | float | Initializer) -> Initializer:
    """Return the initializer that `init` names, a number's constant, or `init` itself if it is a function."""
    if callable(init):
        return init
    if isinstance(init, int | float):
        return constant(init)
    if init not in INITIALIZERS:
        hint = nearest(init, INITIALIZERS)
        raise StageError(f"initializer {init!r} is not one of {', '.join(INITIALIZERS)}. {hint}".strip())
    return INITIALIZERS[init]
