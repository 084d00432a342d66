import numpy as np

from plugins.data.breast_cancer import breast_cancer


def test_thirty_named_measurements_and_two_classes():
    data = breast_cancer().validate("cancer")
    assert data.inputs.shape == (569, 30)
    assert data.features[0] == "mean radius"
    assert data.classes == ("malignant", "benign")
    assert np.bincount(data.targets).tolist() == [212, 357]
