import numpy as np
import pytest

from pipeline import DataSet
from pipeline.testing import check_stage
from plugins.transform.hide import hide

DATA = DataSet(np.arange(20_000.0, dtype="f4").reshape(1000, 20), np.arange(1000) % 2)


def test_a_share_of_the_inputs_goes_missing_at_random():
    hidden = hide(DATA, np.random.default_rng(0), share=0.3).validate("holes")
    gone = np.isnan(hidden.inputs)
    assert hidden.missing
    assert gone.mean() == pytest.approx(0.3, abs=0.01)
    assert gone.mean(axis=0).max() < 0.36  # no column more than others
    assert np.corrcoef(gone[:, 0], gone[:, 1])[0, 1] == pytest.approx(0, abs=0.1)


def test_what_is_there_stays_and_so_does_the_dtype():
    hidden = hide(DATA, np.random.default_rng(0), share=0.3)
    there = ~np.isnan(hidden.inputs)
    np.testing.assert_array_equal(hidden.inputs[there], DATA.inputs[there])
    assert hidden.inputs.dtype == np.float32


def test_new_inputs_are_prepared_without_holes():
    hidden = hide(DATA, np.random.default_rng(0), share=0.3)
    np.testing.assert_array_equal(hidden.preparation.apply(DATA.inputs), DATA.inputs)


def test_it_conforms():
    check_stage(hide)
