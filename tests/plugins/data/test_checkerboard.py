import numpy as np
import pytest

from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.data.checkerboard import checkerboard


def test_two_cells_make_the_parity_of_the_halves():
    data = checkerboard(rows=200, dimensions=4)
    np.testing.assert_array_equal(data.targets, (data.inputs >= 0.5).sum(axis=1) % 2)


def test_neighbouring_fields_differ_in_colour():
    data = checkerboard(rows=3000, dimensions=1, cells=8)
    field = np.floor(data.inputs[:, 0] * 8)
    np.testing.assert_array_equal(data.targets, field % 2)


def test_only_relevant_axes_decide_the_colour():
    data = checkerboard(rows=100, dimensions=5, relevant=2)
    np.testing.assert_array_equal(data.targets, (data.inputs[:, :2] >= 0.5).sum(axis=1) % 2)


def test_another_seed_gives_other_rows():
    assert not np.array_equal(checkerboard(seed=1).inputs, checkerboard(seed=2).inputs)


def test_more_relevant_axes_than_axes_are_refused():
    with pytest.raises(OptionError, match="3 relevant axes of 2\n    allowed: 1 to 2"):
        checkerboard(dimensions=2, relevant=3)


def test_it_conforms():
    check_stage(checkerboard, "data")
