import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.impute import impute

NAN = np.nan
INPUTS = np.array([[1, NAN], [3, 10], [NAN, 20], [100, NAN], [NAN, 0]])


def data(inputs=INPUTS):
    splits = {"train": [0, 1, 2], "test": [3, 4]}
    return DataSet(inputs, np.arange(5) % 2, features=("a", "b"), splits=splits, missing=True)


def test_the_mean_of_the_train_rows_that_have_the_feature_is_filled_in():
    filled = impute(data(), None).validate("filled")
    assert filled.inputs.tolist() == [[1, 15], [3, 10], [2, 20], [100, 15], [2, 0]]
    assert not filled.missing


def test_new_inputs_are_filled_alike():
    prepared = impute(data(), None).preparation.apply(np.array([[NAN, NAN], [7, NAN]]))
    assert prepared.tolist() == [[2, 15], [7, 15]]


def test_a_feature_that_no_train_row_has_is_named():
    nowhere = np.where([False, True], NAN, INPUTS)
    with pytest.raises(DataError, match="no train row has the feature b"):
        impute(data(nowhere), None)


def test_it_conforms():
    check_stage(impute)
    check_stage(impute, data=data())
