import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.reconstruct import reconstruct

DATA = DataSet(np.arange(24.0).reshape(4, 2, 3), np.array([1, 0, 1, 1]), classes=("a", "b"))


def test_the_targets_are_the_inputs_row_by_row():
    data = reconstruct(DATA, None).validate("self")
    assert (data.task, data.classes) == ("regression", ())
    np.testing.assert_array_equal(data.targets, DATA.inputs.reshape(4, 6))
    np.testing.assert_array_equal(data.inputs, DATA.inputs)


def test_labels_are_kept_beside_them():
    assert reconstruct(DATA, None).auxiliary["labels"].tolist() == [1, 0, 1, 1]


def test_data_without_targets_serve():
    assert dict(reconstruct(DataSet(np.eye(3)), None).auxiliary) == {}


def test_missing_inputs_cannot_be_targets():
    with pytest.raises(DataError, match=r"inputs are missing[\s\S]*transform\.impute"):
        reconstruct(DataSet(np.array([[1, np.nan]]), np.array([0]), missing=True), None)


def test_it_conforms():
    check_stage(reconstruct)
