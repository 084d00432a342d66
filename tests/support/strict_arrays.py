"""Arrays of the stand-in for CuPy: NumPy behind a wall, on a device whose stream may capture its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np


class Device:
    """Does work at once, or notes it down while a stream captures; then nothing is allocated or copied."""

    def __init__(self) -> None:
        self.recorded: list[Callable[[], object]] | None = None
        self.copies = 0  # from the host or to it, each of which a real device waits for
        self._allocator: Callable[[int], object] | None = None

    @property
    def capturing(self) -> bool:
        return self.recorded is not None

    def do(self, work: Callable[[], object]) -> None:
        if self.recorded is None:
            work()
        else:
            self.recorded.append(work)

    def allocate(self, array: np.ndarray) -> StrictArray:
        if self._allocator is not None:
            self._allocator(array.nbytes)
        if self.capturing:
            raise RuntimeError("cudaErrorStreamCaptureUnsupported: an allocation while a stream captures")
        return StrictArray(array)

    def cross(self) -> None:
        """Count a copy between host and device."""
        if self.capturing:
            raise RuntimeError("cudaErrorStreamCaptureUnsupported: a host copy while a stream captures")
        self.copies += 1

    @contextmanager
    def using_allocator(self, allocator: Callable[[int], object] | None = None) -> Iterator[None]:
        before, self._allocator = self._allocator, allocator
        try:
            yield
        finally:
            self._allocator = before


DEVICE = Device()


class StrictArray:
    """A device array: a NumPy array behind a wall."""

    __array_ufunc__ = None

    def __init__(self, host: np.ndarray):
        self._host = host

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: SimpleNamespace(c_contiguous=self._host.flags.c_contiguous))
    data = property(lambda self: SimpleNamespace(ptr=self._host.ctypes.data))

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __getitem__(self, key: Any) -> StrictArray:
        found = np.asarray(self._host[_index(key)])
        return StrictArray(found) if np.may_share_memory(found, self._host) else DEVICE.allocate(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        place, inside = _index(key), host(value)
        DEVICE.do(lambda: self._host.__setitem__(place, inside))

    def __mul__(self, other: Any) -> StrictArray:
        return DEVICE.allocate(np.asarray(self._host * host(other)))

    def all(self, axis: Any = None) -> StrictArray:
        return DEVICE.allocate(np.asarray(self._host.all(axis)))

    def __len__(self) -> int:
        return len(self._host)

    def copy(self) -> StrictArray:
        return DEVICE.allocate(self._host.copy())

    def fill(self, value: Any) -> None:
        DEVICE.do(lambda: self._host.fill(value))

    def view(self, dtype: Any) -> StrictArray:
        return StrictArray(self._host.view(dtype))

    def reshape(self, *shape: Any) -> StrictArray:
        found = self._host.reshape(*shape)
        return StrictArray(found) if np.may_share_memory(found, self._host) else DEVICE.allocate(found)


def host(value: Any) -> Any:
    """Look behind the wall; NumPy arrays are refused, numbers are not."""
    if isinstance(value, StrictArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError("unsupported type <class 'numpy.ndarray'>")
    return value


def _index(key: Any) -> Any:
    return tuple(map(host, key)) if isinstance(key, tuple) else host(key)


class Graph:
    """What a stream captured; a launch does it."""

    def __init__(self, work: list[Callable[[], object]]):
        self._work = work

    def launch(self) -> None:
        for one in self._work:
            DEVICE.do(one)


class Stream:
    """A stream that can capture."""

    ptr = 1

    def __init__(self, null: bool = False, non_blocking: bool = False):
        assert non_blocking, "a capture on a blocking stream fails where the null stream is used beside it"

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        assert not DEVICE.capturing, "a stream is left while it captures"

    def begin_capture(self) -> None:
        DEVICE.recorded = []

    def end_capture(self) -> Graph:
        work, DEVICE.recorded = DEVICE.recorded, None
        assert work is not None
        return Graph(work)

    def is_capturing(self) -> bool:
        return DEVICE.capturing
