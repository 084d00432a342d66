"""Training by stages that find their own steps, beside what SciPy finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline import DataSet
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult

DECAY = 1e-2


@pytest.fixture(scope="session")
def cells(registry: Registry) -> DataSet:
    """breast_cancer, standardised, all rows to train on."""
    data = registry.stage("data.breast_cancer").function()
    data = data.with_splits(train=np.arange(len(data)))
    return registry.stage("transform.standardize").function(data, np.random.default_rng(0))  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def descended(registry: Registry, cells: DataSet) -> Callable[..., MemberResult]:
    """Train logistic regression with a little decay by a stage and its options, in float64."""

    def part(ref: str, **options: Any) -> Part:
        return Part(ref.split(".")[1], ref, registry.stage(ref).check(options))

    def train(ref: str, model: str = "model.linear", data: DataSet = cells, **options: Any) -> MemberResult:
        parts = {"model": (part(model),), "regularizers": (part("regularizer.l2", strength=DECAY),)}
        spec = CohortSpec("fit", part(ref, **options), parts, (Member("t", "k", 3, "data", {}),), "float64")
        (result,) = train_cohort(spec, {"data": data}, registry)
        return result

    return train


@pytest.fixture(scope="session")
def least(cells: DataSet) -> float:
    """The least objective of that logistic regression, as SciPy's trust region method finds it."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    x, y = cells.inputs, cells.targets
    hot = np.eye(2)[y]

    def objective(w: Any) -> tuple[float, Any]:
        weights, bias = w[:60].reshape(30, 2), w[60:]
        z = x @ weights + bias
        log_p = z - logsumexp(z, axis=1, keepdims=True)
        d = (np.exp(log_p) - hot) / len(x)
        slope = np.concatenate([(x.T @ d + DECAY * weights).ravel(), d.sum(axis=0)])
        return -(hot * log_p).sum() / len(x) + DECAY / 2 * np.square(weights).sum(), slope

    found = minimize(objective, np.zeros(62), jac=True, method="BFGS", options={"gtol": 1e-7})
    return float(found.fun)
