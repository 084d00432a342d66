import numpy as np
import pytest

from pipeline import DataError, DataSet, OptionError
from pipeline.testing import check_stage
from plugins.transform.noisy import noisy

INPUTS = np.full((400, 10, 10), 0.5, "f4")
INPUTS[0, 0] = [0, 1] * 5
DATA = DataSet(INPUTS, np.arange(400) % 2, splits={"train": range(300), "test": range(300, 400)})


def damaged(**options):
    return noisy(DATA, np.random.default_rng(0), **options).inputs


def test_gaussian_noise_has_the_deviation_asked_for():
    noise = damaged(amount=0.2) - INPUTS
    assert noise.dtype == np.float32
    assert noise.mean() == pytest.approx(0, abs=0.005)
    assert noise.std() == pytest.approx(0.2, rel=0.01)


def test_salt_and_pepper_are_the_extremes_of_the_train_rows():
    found = damaged(amount=0.3, kind="salt_pepper")[1:]
    assert np.unique(found).tolist() == [0, 0.5, 1]
    assert (found == 0).mean() == pytest.approx(0.15, abs=0.01)
    assert (found == 1).mean() == pytest.approx(0.15, abs=0.01)


def test_a_share_becomes_zero():
    assert (damaged(amount=0.3, kind="zero")[1:] == 0).mean() == pytest.approx(0.3, abs=0.01)


def test_only_the_splits_named_are_damaged():
    found = damaged(splits=("test",))
    np.testing.assert_array_equal(found[:300], INPUTS[:300])
    assert (found[300:] != INPUTS[300:]).all()
    with pytest.raises(DataError, match="no split 'tset'"):
        damaged(splits=("tset",))


def test_targets_and_preparation_stay():
    found = noisy(DATA, np.random.default_rng(0))
    np.testing.assert_array_equal(found.targets, DATA.targets)
    np.testing.assert_array_equal(found.preparation.apply(INPUTS), INPUTS)


def test_a_share_above_one_is_refused():
    with pytest.raises(OptionError, match=r"amount 1\.5 is a share for kind 'zero'\n    allowed: 0 to 1"):
        damaged(amount=1.5, kind="zero")


@pytest.mark.parametrize("kind", ["gaussian", "salt_pepper", "zero"])
def test_it_conforms(kind):
    check_stage(noisy, options={"kind": kind})
