import numpy as np

from pipeline import DataSet
from pipeline.testing import check_stage
from plugins.transform.binarize import binarize

DATA = DataSet(np.array([[0.2, 0.5], [0.7, 0.51]], "f4"), np.arange(2))


def test_what_is_above_the_threshold_is_one():
    assert binarize(DATA, None).inputs.tolist() == [[0, 0], [1, 1]]
    assert binarize(DATA, None, threshold=0.1).inputs.tolist() == [[1, 1], [1, 1]]
    assert binarize(DATA, None).inputs.dtype == np.float32


def test_new_inputs_become_binary_alike():
    assert binarize(DATA, None, threshold=0.6).preparation.apply(DATA.inputs).tolist() == [[0, 0], [1, 0]]


def test_it_conforms():
    check_stage(binarize)
