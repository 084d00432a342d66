"""The decision tree, a baseline."""

from pipeline import model
from pipeline.options import Count


@model(estimator=True)
def tree(*, depth: Count | None = None, leaf: Count = 1):
    """Split the rows by one feature at a time, at most `depth` times, down to `leaf` rows.

    Breiman et al. 1984 (CART); by scikit-learn.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return {
        "classes": DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf),
        "regression": DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf),
    }
