"""The progression of diabetes, carried by scikit-learn."""

from pipeline import DataSet, data


@data
def diabetes() -> DataSet:
    """Load 442 rows of 10 scaled measurements; the target is the disease's progression after a year.

    Efron et al. 2004, Least Angle Regression.
    """
    from sklearn.datasets import load_diabetes

    source = load_diabetes()
    return DataSet(source.data, source.target, task="regression", features=tuple(source.feature_names))
