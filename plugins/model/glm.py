"""The generalised linear model, solved to the optimum: a baseline."""

from pipeline import model
from pipeline.options import NonNegative


@model(estimator=True)
def glm(*, strength: NonNegative = 1.0):
    """Fit logistic or ridge regression to the optimum, with `strength` times the squared weights as penalty.

    `strength` 0 is maximum likelihood, least squares for numbers.  By scikit-learn.
    """
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

    penalty = {"C": 1 / strength} if strength else {"C": float("inf")}
    return {
        "classes": LogisticRegression(max_iter=2000, **penalty),
        "regression": Ridge(strength) if strength else LinearRegression(),
    }
