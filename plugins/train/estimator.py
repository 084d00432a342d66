"""Fitting models that are estimators."""

from pipeline import train


@train(estimator=True)
def estimator(fit):
    """Fit each member's estimator once, to all rows of its train split."""
    fit.estimators()
