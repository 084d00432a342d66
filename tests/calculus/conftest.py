"""Functions that the tests of minimisation and curvature share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function


@pytest.fixture
def rosenbrock() -> Callable[[Any], Any]:
    """The valley Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])², least at ones.  Rosenbrock 1960."""

    def f(x: Any) -> Any:
        return ops.sum(100 * ops.square(x[1:] - ops.square(x[:-1])) + ops.square(1 - x[:-1]))

    return f


@pytest.fixture
def quadratic() -> Callable[..., Function]:
    """Return ½ x'Ax - b'x for eigenvalues of A in directions that are drawn."""

    def make(eigenvalues: Any, seed: int = 0) -> Function:
        values = np.asarray(eigenvalues, dtype=float)
        rng = np.random.default_rng(seed)
        turn, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
        a, b = (turn * values) @ turn.T, rng.normal(size=len(values))
        return Function(lambda x: 0.5 * ops.sum(x * (a @ x)) - ops.sum(b * x), b)

    return make
