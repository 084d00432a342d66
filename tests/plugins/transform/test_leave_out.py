import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.leave_out import leave_out

SPLITS = {"train": [0, 1, 2, 3], "validation": [4, 5, 6], "test": [7, 8, 9]}
LABELS = np.array([0, 1, 2, 1, 0, 1, 2, 0, 1, 2])
DATA = DataSet(np.arange(10.0).reshape(10, 1), LABELS, classes=("a", "b", "c"), splits=SPLITS)


def test_only_test_rows_are_left_of_the_class():
    data = leave_out(DATA, None, name="b").validate("normal")
    assert data.rows("train").tolist() == [0, 2]
    assert data.rows("validation").tolist() == [4, 6]
    assert data.rows("test").tolist() == [7, 8, 9]


def test_its_rows_are_marked():
    data = leave_out(DATA, None, name="b")
    assert data.auxiliary["anomaly"].tolist() == [0, 1, 0, 1, 0, 1, 0, 0, 1, 0]


def test_an_unknown_class_is_told_those_there_are():
    with pytest.raises(DataError, match=r"no class 'd'\n    allowed: a, b, c"):
        leave_out(DATA, None, name="d")


def test_numbers_and_data_without_a_test_split_are_refused():
    with pytest.raises(DataError, match="task 'regression'; only a class"):
        leave_out(DataSet(np.eye(3), np.array([0.5, 1.5, 2.5])), None, name="a")
    with pytest.raises(DataError, match=r"no test split[\s\S]*transform\.split"):
        leave_out(DATA.replace(splits={}), None, name="a")


def test_it_conforms():
    check_stage(leave_out, options={"name": "a"})
