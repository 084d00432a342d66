"""What linear classifiers can tell apart, the bound that follows, the simplest model that is good enough."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import DataError, OptionError
from pipeline.capacity import separable, shattered, simplest, vc_bound

TRIANGLE = [[0, 0], [1, 0], [0, 1]]
SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_three_points_in_the_plane_are_shattered():
    assert shattered(TRIANGLE)


def test_the_four_of_xor_are_not():
    assert not separable(SQUARE, [0, 1, 1, 0])
    assert not separable(SQUARE, [1, 0, 0, 1])
    assert not shattered(SQUARE)


def test_xor_and_its_opposite_are_the_only_labellings_of_a_square_that_cannot_be_told():
    told = [labels for labels in product((0, 1), repeat=4) if separable(SQUARE, labels)]
    assert len(told) == 14


def test_three_points_on_a_line_are_not_shattered():
    assert not shattered([[0, 0], [1, 1], [2, 2]])


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_the_vc_dimension_of_hyperplanes_is_the_dimension_and_1(dimension):
    points = np.vstack([np.zeros(dimension), np.eye(dimension)])
    assert shattered(points)
    one_more = np.vstack([points, np.full(dimension, 1 / (dimension + 1))])  # inside the others
    assert not shattered(one_more)


def test_the_bound_is_vapniks():
    # (10 (5.2983174 + 1) + 4.3820266) / 1000 = 0.0673652, whose root is
    assert vc_bound(0.1, 1000, 10) == pytest.approx(0.1 + 0.25954807, abs=1e-7)


@given(st.integers(50, 10**6), st.integers(1, 50), st.floats(0.5, 0.999))
@settings(max_examples=50, deadline=None)
def test_the_bound_falls_with_rows_and_rises_with_dimension_and_confidence(rows, dimension, confidence):
    bound = vc_bound(0.0, rows, dimension, confidence)
    assert vc_bound(0.0, 2 * rows, dimension, confidence) <= bound
    assert vc_bound(0.0, rows, dimension + 1, confidence) >= bound
    assert vc_bound(0.0, rows, dimension, (1 + confidence) / 2) >= bound


def test_fewer_rows_than_the_dimension_say_nothing():
    assert vc_bound(0.0, 9, 10) == 1.0


@pytest.mark.parametrize("given", [(1.5, 10, 1, 0.9), (0.1, 0, 1, 0.9), (0.1, 10, 0, 0.9), (0.1, 10, 1, 1.0)])
def test_numbers_outside_their_ranges_are_refused(given):
    with pytest.raises(OptionError, match="allowed: an error of 0 to 1"):
        vc_bound(*given)


def test_points_are_a_table_and_have_a_label_each():
    with pytest.raises(DataError, match=r"points of shape \(3,\)"):
        shattered([1, 2, 3])
    with pytest.raises(DataError, match="give a 0 or 1 for each"):
        separable(TRIANGLE, [0, 1])
    with pytest.raises(OptionError, match="14 at most"):
        shattered(np.eye(15))


def test_the_simplest_within_one_standard_error_of_the_best_is_taken():
    assert simplest([0.40, 0.31, 0.30, 0.29, 0.33], [0.02] * 5) == 1
    assert simplest([0.60, 0.69, 0.70, 0.71], [0.05, 0.05, 0.05, 0.005], larger_is_better=True) == 3
    assert simplest([0.60, 0.69, 0.70, 0.71], [0.0] * 4, larger_is_better=True) == 3


def test_the_error_that_counts_is_that_of_the_best():
    assert simplest([0.5, 0.4], [10.0, 0.01]) == 1


def test_each_mean_has_an_error():
    with pytest.raises(OptionError, match="2 means and 1 errors"):
        simplest([1.0, 2.0], [0.1])
