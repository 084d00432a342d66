"""Ranges of numbers, and settings made of points of a cube."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.space import Range, Space

SHARES = st.floats(0, 1, exclude_max=True)


@given(st.integers(-1000, 1000), st.integers(1, 1000), SHARES)
def test_a_whole_number_is_within_its_range(low, width, share):
    found = Range(low, low + width, whole=True).at(share)
    assert type(found) is int
    assert low <= found <= low + width


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e6), SHARES, st.booleans())
def test_a_number_is_within_its_range_and_short(low, ratio, share, log):
    found = Range(low, low * ratio, log).at(share)
    assert low <= found <= low * ratio
    assert found in (low, low * ratio) or float(f"{found:.6g}") == found


@pytest.mark.parametrize("log", [False, True])
def test_equal_shares_of_whole_numbers_are_equally_likely_or_by_ratio(log):
    shares = (np.arange(4000) + 0.5) / 4000
    drawn = [Range(1, 4, log, whole=True).at(share) for share in shares]
    counts = np.bincount(drawn, minlength=5)[1:] / 4000
    expected = np.log(np.arange(2, 6) / np.arange(1, 5)) / math.log(5) if log else np.full(4, 0.25)
    np.testing.assert_allclose(counts, expected, atol=1e-3)


def test_a_spread_has_both_ends_and_no_number_twice():
    assert Range(1e-4, 1e-1, log=True).spread(4) == [1e-4, 1e-3, 1e-2, 1e-1]
    assert Range(0.0, 1.0).spread(3) == [0.0, 0.5, 1.0]
    assert Range(1, 3, whole=True).spread(10) == [1, 2, 3]


def test_a_point_of_the_cube_is_a_setting():
    space = Space({"a.x": ["p", "q"], "a.y": Range(0.0, 10.0)})
    assert space.at([0.75, 0.5]) == {"a.x": "q", "a.y": 5.0}


def test_settings_that_differ_by_what_does_not_count_are_one():
    def settled(setting):
        return {**setting, "a.y": 0} if setting["a.x"] == "p" else setting

    space = Space({"a.x": ["p", "q"], "a.y": [0, 1]}, settled=settled)
    assert [tuple(setting.values()) for setting in space.combinations()] == [("p", 0), ("q", 0), ("q", 1)]
    assert len(space.proposed([(0.1, 0.1), (0.1, 0.9), (0.9, 0.1)])) == 2
