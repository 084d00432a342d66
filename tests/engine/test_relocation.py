"""Calls moved from one step of a sequence to the next."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from pipeline.engine.kernels import Call
from pipeline.engine.relocation import Moving, NotMovable, relocated


def play(calls):
    for function, arguments, keywords in calls:
        function(*arguments, **keywords)


def moved(calls, stacked, axis=0, fixed=()):
    moving = [Moving.along(array, axis, 0) for array in stacked]
    return list(relocated(calls, moving, range(stacked[0].shape[axis]), fixed))


def test_operands_results_and_methods_move_with_their_sequence():
    xs, ys, w = np.arange(6.0).reshape(3, 2), np.zeros((3, 2)), np.array([1.0, 10.0])
    calls = [Call(ys[0].fill, (5.0,)), Call(np.multiply, (xs[0], w), {"out": ys[0, ::-1]})]
    first, second, _ = moved(calls, [xs, ys])
    play(second)
    assert ys.tolist() == [[0, 0], [30, 2], [0, 0]]
    play(first)
    assert ys.tolist() == [[10, 0], [30, 2], [0, 0]]


def test_members_lie_between_the_steps():
    xs = np.arange(12.0).reshape(2, 3, 2)
    out = np.zeros((2, 2))
    steps = moved([Call(np.copyto, (out, xs[:, 0]))], [xs], axis=1)
    play(steps[2])
    assert out.tolist() == [[4, 5], [10, 11]]


def test_a_call_that_meets_no_sequence_stays_the_same():
    a, xs = np.ones(2), np.ones((3, 2))
    call = Call(np.add, (a, a), {"out": a})
    assert all(own == [call] and own[0] is call for own in moved([call], [xs]))


class Holder:
    def __init__(self, array):
        self.array = array

    def __call__(self):
        self.array.fill(1.0)


def test_a_call_that_may_hold_arrays_unseen_is_refused():
    xs = np.zeros((3, 2))
    calls = [
        Call(partial(np.add, xs[0]), (xs[0],)),
        Call(lambda: xs.fill(1.0), ()),
        Call(Holder(xs[0]), ()),
        Call(Holder(xs[0]).__call__, ()),
        Call({"array": xs}.get, ("array",)),
        Call(np.concatenate, ([xs[0], xs[0]],)),
    ]
    for call in calls:
        with pytest.raises(NotMovable, match="arrays"):
            moved([call], [xs])


def test_a_view_made_by_strides_moves_in_the_array_that_it_was_made_of():
    xs, out = np.arange(6.0).reshape(3, 2), np.zeros(2)
    steps = moved([Call(np.copyto, (out, as_strided(xs[0], (2,), (0,))))], [xs])
    play(steps[2])
    assert out.tolist() == [4, 4]


def test_sequences_that_share_memory_at_other_distances_are_refused():
    base = np.zeros((4, 4))
    with pytest.raises(NotMovable, match="share memory"):
        moved([], [base, base.T])


def test_a_fixed_array_in_a_sequence_is_refused():
    base = np.zeros((4, 4))
    with pytest.raises(NotMovable, match="share memory"):
        moved([], [base], fixed=[base[2]])
