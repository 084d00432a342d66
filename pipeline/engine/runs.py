"""Copies on NumPy that move runs of elements at once.

NumPy copies the innermost axis in a loop, and the loop costs as much as some twenty elements; elements that
lie side by side in both arrays are therefore seen as one element of as many bytes.
"""

from __future__ import annotations

from math import prod

import numpy as np

from pipeline.engine.kernels import Array, Call


def copy(out: Array, value: Array) -> Call:
    """Return the call that copies `value`, stretched if need be, to `out`."""
    value = np.broadcast_to(value, out.shape)
    axes, length = 0, out.itemsize
    for n, *strides in reversed(list(zip(out.shape, out.strides, value.strides, strict=True))):
        if n != 1 and strides != [length, length]:
            break
        axes, length = axes + 1, length * n
    if axes == out.ndim or length == out.itemsize:
        return Call(np.copyto, (out, value))
    return Call(np.copyto, (_runs(out, axes), _runs(value, axes)))


def _runs(array: Array, axes: int) -> Array:
    """Return the view whose elements are the last axes, which lie in order."""
    lead, length = array.shape[:-axes], prod(array.shape[-axes:])
    run = np.dtype((np.void, length * array.itemsize))
    return array.reshape(*lead, length).view(run)[..., 0]
