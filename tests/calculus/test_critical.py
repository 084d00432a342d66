import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function, classify, kind_of


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda x: ops.sum(x * x), "minimum"),
        (lambda x: -ops.sum(x * x), "maximum"),
        (lambda x: x[0] * x[0] - x[1] * x[1], "saddle"),
        (lambda x: ops.sum(x**4), "inconclusive"),
        (lambda x: x[0] * x[0] + x[1] ** 4, "inconclusive"),
        (lambda x: x[0] * x[0] + x[1] ** 3, "inconclusive"),
        (lambda x: ops.sum(x), "not critical"),
    ],
)
def test_the_eigenvalues_tell_what_a_point_is(f, kind):
    assert classify(Function(f, np.zeros(2)), np.zeros(2)) == kind


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ([1, 2, 3], "minimum"),
        ([-1, -2], "maximum"),
        ([-1, 0, 2], "saddle"),
        ([0, 1], "inconclusive"),
        ([0, -1], "inconclusive"),
        ([0, 0], "inconclusive"),
        ([1e-12, 1], "inconclusive"),
        ([-1e-12, 1], "inconclusive"),
    ],
)
def test_zero_is_what_is_small_beside_the_largest(eigenvalues, kind):
    assert kind_of(eigenvalues) == kind


def test_a_smaller_tolerance_takes_small_eigenvalues_seriously():
    assert kind_of([1e-12, 1], tolerance=1e-13) == "minimum"
