"""Logistic regression on breast_cancer, for plait and for SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from pipeline import ops
from pipeline.calculus import Function


class Logistic:
    """The mean loss with a little decay over standardised features: `function`, and SciPy's callables."""

    def __init__(self) -> None:
        x, y = load_breast_cancer(return_X_y=True)
        self.x, self.sign = (x - x.mean(axis=0)) / x.std(axis=0), 2.0 * y - 1
        self.start = np.zeros(31)
        self.function = Function(self._loss, self.start, through=self._margins)

    def _margins(self, w: Any) -> Any:
        return self.sign * (self.x @ w[:30] + w[30])

    def _loss(self, margins: Any) -> Any:
        return ops.mean(ops.softplus(-margins))

    def decayed(self, decay: float = 1e-2) -> Function:
        """Return the function with ½·decay·Σw²."""
        return Function(lambda w: self._loss(self._margins(w)) + 0.5 * decay * ops.sum(w * w), self.start)


@pytest.fixture(scope="session")
def logistic() -> Logistic:
    """Logistic regression on breast_cancer."""
    return Logistic()
