"""Handwritten digits, carried by scikit-learn."""

from pipeline import DataSet, data


@data
def digits() -> DataSet:
    """Load 1797 images (8, 8) of digits, their pixels scaled to 0..1.  Alpaydin & Kaynak 1998 (UCI)."""
    from sklearn.datasets import load_digits

    source = load_digits()
    return DataSet.labelled((source.images / 16).astype("float32"), source.target)
