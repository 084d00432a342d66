import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.mask import mask

INPUTS = np.array([[1, np.nan], [3, 10], [np.nan, 20]], "f4")
DATA = DataSet(INPUTS, np.array([0, 1, 0]), features=("a", "b"), missing=True)


def test_zeros_are_filled_in_beside_what_is_there():
    masked = mask(DATA, None).validate("masked")
    assert masked.inputs.tolist() == [[1, 0, 1, 0], [3, 10, 1, 1], [0, 20, 0, 1]]
    assert masked.features == ("a", "b", "has a", "has b")
    assert masked.inputs.dtype == np.float32
    assert not masked.missing


def test_new_inputs_are_masked_alike():
    prepared = mask(DATA, None).preparation.apply(np.array([[np.nan, 5.0]]))
    assert prepared.tolist() == [[0, 5, 0, 1]]


def test_images_are_refused():
    with pytest.raises(DataError, match=r"shape \(2, 3, 3\); only a table can be masked"):
        mask(DataSet(np.ones((2, 3, 3)), np.arange(2)), None)


def test_it_conforms():
    check_stage(mask)
    check_stage(mask, data=DATA)
