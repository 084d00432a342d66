"""Measurements of tumours, carried by scikit-learn."""

from pipeline import DataSet, data


@data
def breast_cancer() -> DataSet:
    """Load 569 rows of 30 measurements, malignant or benign.  Wolberg et al. 1993 (UCI)."""
    from sklearn.datasets import load_breast_cancer

    source = load_breast_cancer()
    names = tuple(source.feature_names.tolist())
    return DataSet(source.data, source.target, classes=tuple(source.target_names.tolist()), features=names)
