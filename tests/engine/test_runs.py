"""Copies of runs: any layout arrives whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from pipeline.engine.runs import copy

X = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
LAYOUTS = {
    "in order": X,
    "a part": np.pad(X, ((0, 0), (0, 1), (0, 1), (0, 1)))[:, :3, :4, :5],
    "apart along one axis": np.repeat(X, 2, axis=1)[:, ::2],
    "transposed": np.ascontiguousarray(X.T).T,
    "backwards": X[:, ::-1],
    "stretched": X[:, :1],
    "one number": X[:1, :1, :1, :1],
    "overlapping": as_strided(X, (2, 3, 4, 5), (20, 20, 4, 4)),
    "thin": X[..., :1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("target", ["in order", "a part", "apart along one axis", "transposed"])
def test_a_copy_is_whole(layout, target):
    value = LAYOUTS[layout]
    out = {
        "in order": np.zeros_like(X),
        "a part": np.zeros((2, 4, 5, 6), X.dtype)[:, :3, :4, :5],
        "apart along one axis": np.zeros((2, 6, 4, 5), X.dtype)[:, ::2],
        "transposed": np.zeros(X.shape[::-1], X.dtype).T,
    }[target]
    function, arguments, keywords = copy(out, value)
    function(*arguments, **keywords)
    np.testing.assert_array_equal(out, np.broadcast_to(value, X.shape))


def test_neighbours_in_both_arrays_are_moved_at_once():
    out = np.zeros((2, 4, 4, 5), X.dtype)[:, :3]
    _, (target, source), _ = copy(out, X)
    assert target.shape == source.shape == (2,)
    assert target.itemsize == 3 * 4 * 5 * 4
