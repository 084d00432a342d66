"""Nearest neighbours, a baseline."""

from typing import Literal

from pipeline import model
from pipeline.options import Count


@model(estimator=True)
def neighbours(*, count: Count = 5, weights: Literal["uniform", "distance"] = "uniform"):
    """Answer with the classes' shares, or the mean, of the `count` nearest training rows.

    `weights` counts each alike, or by its nearness.  Cover & Hart 1967; by scikit-learn.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    return {
        "classes": KNeighborsClassifier(count, weights=weights),
        "regression": KNeighborsRegressor(count, weights=weights),
    }
