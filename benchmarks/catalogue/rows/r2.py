"""R2: the lasso, as a penalty and by proximal steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
ROW = Row(
    id="R2",
    name="L1 penalty, and proximal L1",
    sentence="The lasso on diabetes: proximal steps make coefficients exactly zero, as scikit-learn's "
    "Lasso, at five strengths; the penalty alone leaves none at zero",
    source="Tibshirani 1996; Beck & Teboulle 2009, equation 1.4",
    stages=("regularizer.l1", "regularizer.proximal_l1", "evaluate.sparsity"),
    dags=("lasso.yaml",),
    bars={
        "coefficients beside scikit-learn's, largest relative difference": AtMost(1e-6),
        "coefficients that are zero in one and not in the other": AtMost(0),
        "share of zeros, proximal, mean of five strengths": AtLeast(0.3),
        "share of zeros, penalty alone": AtMost(0),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Compare the coefficients at every strength with those of scikit-learn's Lasso."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Lasso
    from sklearn.preprocessing import StandardScaler

    results = runs("lasso.yaml")
    raw, targets = load_diabetes(return_X_y=True)
    x = StandardScaler().fit_transform(raw)
    difference, zeros = 0.0, 0
    for trial, strength in zip(results.trials, STRENGTHS, strict=True):
        found = results.model("exact", trial["id"]).networks[0].parameters["out.weights"][:, 0]
        expected = Lasso(alpha=strength, tol=1e-12, max_iter=100_000).fit(x, targets).coef_
        difference = max(difference, float(np.abs(found - expected).max() / np.abs(expected).max()))
        zeros += int(((found == 0) != (expected == 0)).sum())
    return {
        "coefficients beside scikit-learn's, largest relative difference": difference,
        "coefficients that are zero in one and not in the other": zeros,
        "share of zeros, proximal, mean of five strengths": metrics(results, "zeros")["zero_weights"],
        "share of zeros, penalty alone": metrics(results, "zeros_pulled")["zero_weights"],
    }
