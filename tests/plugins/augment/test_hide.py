import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.augment.hide import hide

THERE = (np.arange(40_000).reshape(4000, 10) % 3 > 0).astype(float)
X = np.concatenate([THERE * 7, THERE], axis=1)


def test_what_is_hidden_goes_with_its_mask_and_nothing_comes_back():
    hidden = hide(X, EagerRandom(0, "hide"), share=0.4)
    values, mask = np.split(hidden, 2, axis=1)
    np.testing.assert_array_equal(values, mask * 7)
    assert (mask <= THERE).all()
    assert mask.sum() / THERE.sum() == pytest.approx(0.6, abs=0.01)


def test_inputs_without_a_mask_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(4, 3\); allowed: \(batch, 2 · features\)"):
        hide(np.ones((4, 3)), EagerRandom(0, "hide"))


def test_it_conforms():
    check_stage(hide)
