"""R7: early stopping, training anew on all rows, and what early stopping is on a quadratic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from benchmarks.catalogue.whole_steps import descended

STEPS, LR = 7, 0.2
ROW = Row(
    id="R7",
    name="Early stopping",
    sentence="Training ends when validation no longer improves and goes back to the best weights, or begins "
    "anew on all rows for as many epochs (5 splits); on a quadratic, stopping is ridge",
    source="Prechelt 1998; Goodfellow et al. 2016, section 7.8, equations 7.40 to 7.45",
    stages=("regularizer.early_stopping", "train.retrain"),
    dags=("early_stopping.yaml",),
    bars={
        "descent beside its closed form on diabetes, relative error": AtMost(1e-10),
        "stopped after 7 steps beside scikit-learn's ridge, whitened": AtMost(1e-10),
        "log loss stopped, of that of all epochs": AtMost(0.95),
        "log loss trained anew on all rows, of that stopped": AtMost(0.85),
        "accuracy gained by training anew on all rows": AtLeast(0.005),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how exact the theory is met, and what stopping and training anew do to digits."""
    results = runs("early_stopping.yaml")
    of = {name: metrics(results, f"score_{name}") for name in ("long", "stopped", "again")}
    return {
        "descent beside its closed form on diabetes, relative error": descent_error(),
        "stopped after 7 steps beside scikit-learn's ridge, whitened": ridge_error(),
        "log loss stopped, of that of all epochs": of["stopped"]["log_loss"] / of["long"]["log_loss"],
        "log loss trained anew on all rows, of that stopped": of["again"]["log_loss"]
        / of["stopped"]["log_loss"],
        "accuracy gained by training anew on all rows": of["again"]["accuracy"] - of["stopped"]["accuracy"],
    }


def descent_error() -> float:
    """Compare weights after STEPS steps from 0 with Q(I - (I - εΛ)^τ)Qᵀw*, equation 7.40."""
    x, y = _diabetes()
    values, q = np.linalg.eigh(x.T @ x / len(x))
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    expected = q @ ((1 - (1 - LR * values) ** STEPS) * (q.T @ best))
    return _error(_stopped(x, y), expected)


def ridge_error() -> float:
    """Compare them with ridge at α = (1-ε)^τ / (1 - (1-ε)^τ), where all eigenvalues are 1: equation 7.44."""
    from sklearn.linear_model import Ridge

    x, y = _diabetes()
    values, q = np.linalg.eigh(x.T @ x / len(x))
    white = x @ q / np.sqrt(values)
    left = (1 - LR) ** STEPS
    expected = Ridge(alpha=len(x) * left / (1 - left), fit_intercept=False).fit(white, y).coef_
    return _error(_stopped(white, y), expected)


def _diabetes() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    from sklearn.datasets import load_diabetes
    from sklearn.preprocessing import scale

    x, y = load_diabetes(return_X_y=True)
    return scale(x), y - y.mean()


def _stopped(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return descended(x, y, ("model.linear", {"bias": False}), STEPS, LR)["out.weights"][:, 0]


def _error(found: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())
