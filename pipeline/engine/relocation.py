"""Calls made for one step of a recurrence, made again for the others: their arrays moved in memory.

What a call does with an array is in the call; where the array lies is in its address.  An array that
lies in a stacked sequence is moved by as much as the steps lie apart; the others are the same at all steps.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from pipeline.engine.kernels import Array, Call

PLAIN = (np.ufunc, types.BuiltinFunctionType, types.FunctionType, type(np.copyto))


class NotMovable(Exception):
    """A call may hold arrays where they cannot be seen, or two sequences share memory."""


@dataclass(frozen=True)
class Moving:
    """Memory in which arrays move by `stride` bytes from step to step; calls are made for step `first`."""

    start: int
    stop: int
    stride: int
    first: int

    @classmethod
    def along(cls, stacked: Array, axis: int, first: int) -> Moving:
        """Return how parts of a stacked array move along an axis."""
        start, stop = byte_bounds(stacked)
        return cls(start, stop, stacked.strides[axis], first)

    def meets(self, start: int, stop: int) -> bool:
        """Return whether some bytes are among these."""
        return start < self.stop and self.start < stop


def relocated(
    calls: Sequence[Call], moving: Sequence[Moving], steps: Sequence[int], fixed: Sequence[Array]
) -> Iterator[list[Call]]:
    """Yield the calls of each step.  NotMovable where the arrays of `fixed` or two sequences overlap."""
    _check_apart(moving, fixed)
    moves = [_moves(call, moving) for call in calls]
    for step in steps:
        yield [
            call if move is None else _moved(call, move, step)
            for call, move in zip(calls, moves, strict=True)
        ]


def _check_apart(moving: Sequence[Moving], fixed: Sequence[Array]) -> None:
    for i, one in enumerate(moving):
        clashes = [other for other in moving[:i] if other.stride != one.stride]
        still = [byte_bounds(array) for array in fixed] if one.stride else []
        if any(one.meets(other.start, other.stop) for other in clashes) or any(one.meets(*b) for b in still):
            raise NotMovable("sequences share memory")


Moves = dict[int | str | None, Moving]  # place of an argument, its name, None for a method's own array


def _moves(call: Call, moving: Sequence[Moving]) -> Moves | None:
    """Return which arrays of a call move, or None if none does."""
    own = _own_array(call.function)
    arguments: list[tuple[int | str | None, Any]] = [(None, own), *enumerate(call.arguments)]
    found: Moves = {}
    for place, value in [*arguments, *call.keywords.items()]:
        if isinstance(value, list | tuple | dict) and _holds_arrays(value):
            raise NotMovable("arrays inside of an argument")
        if isinstance(value, np.ndarray) and value.size:
            start, stop = byte_bounds(value)
            for one in moving:
                if one.stride and one.meets(start, stop):
                    found[place] = one
    return found or None


def _own_array(function: Any) -> Array | None:
    """Return the array whose method a function is; NotMovable if it may hold others unseen."""
    owner = getattr(function, "__self__", None)
    if isinstance(function, types.BuiltinFunctionType) and isinstance(owner, np.ndarray):
        return owner
    of_module = owner is None or isinstance(owner, np.ufunc | types.ModuleType)
    plain = isinstance(function, PLAIN) or hasattr(function, "py_func")  # what numba compiled
    if not of_module or not plain or getattr(function, "__closure__", None):
        raise NotMovable(f"{function!r} may hold arrays")
    return None


def _holds_arrays(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, np.ndarray | list | tuple | dict) for one in inside)


def _moved(call: Call, moves: Moves, step: int) -> Call:
    function: Any = call.function
    if None in moves:
        function = getattr(_shifted(function.__self__, moves[None], step), function.__name__)
    arguments = tuple(
        _shifted(value, moves[place], step) if place in moves else value
        for place, value in enumerate(call.arguments)
    )
    keywords = {
        name: _shifted(value, moves[name], step) if name in moves else value
        for name, value in call.keywords.items()
    }
    return Call(function, arguments, keywords)


def _shifted(array: Array, moving: Moving, step: int) -> Array:
    """Return the array as it lies at another step."""
    owner = _owner(array)
    if not owner.flags.c_contiguous:
        raise NotMovable("memory with gaps")
    offset = array.ctypes.data - owner.ctypes.data + (step - moving.first) * moving.stride
    return np.ndarray(array.shape, array.dtype, owner, offset, array.strides)


def _owner(array: Array) -> Array:
    """Return the array that a view lies in; `as_strided` puts an object that is no array between the two."""
    base = array.base
    while base is not None and not isinstance(base, np.ndarray):
        base = getattr(base, "base", None)
    return array if base is None else _owner(base)
