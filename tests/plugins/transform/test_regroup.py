import numpy as np
import pytest

from pipeline import DataError, DataSet, OptionError
from pipeline.testing import check_stage
from plugins.transform.regroup import regroup

DATA = DataSet(np.eye(6, 2), np.array([0, 1, 2, 0, 1, 2]), classes=("a", "b", "c"))


def test_each_class_becomes_its_group():
    found = regroup(DATA, None, groups=(1, 0, 1))
    assert found.targets.tolist() == [1, 0, 1, 1, 0, 1]
    assert found.classes == ("0", "1")


def test_groups_may_have_names():
    assert regroup(DATA, None, groups=(1, 0, 1), names=("odd", "even")).classes == ("odd", "even")


def test_what_does_not_fit_is_told():
    with pytest.raises(OptionError, match="names 2 groups, but there are 3 classes"):
        regroup(DATA, None, groups=(0, 1))
    with pytest.raises(OptionError, match="names has 1 names for 2 groups"):
        regroup(DATA, None, groups=(0, 1, 0), names=("one",))
    with pytest.raises(DataError, match="only classes"):
        regroup(DataSet(np.eye(3), np.arange(3.0)), None, groups=(0,))


def test_it_conforms():
    check_stage(regroup, options={"groups": [0, 1, 1]})
