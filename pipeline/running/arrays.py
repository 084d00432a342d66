"""Named arrays as one safetensors file: never pickle, and read without copying where that pays."""

from __future__ import annotations

import json
import mmap
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MAPPED_FROM = 1 << 20
"""Files of so many bytes are memory-mapped.  A mapping holds a file open, so small files are read instead:
an ensemble over thousands of small members must not run out of open files."""

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}


def encode(arrays: Mapping[str, Array]) -> bytes:
    """Return the file for `arrays`; PlaitError names the array whose dtype only pickle could keep."""
    import numpy as np
    from safetensors.numpy import save

    # safetensors takes a view's first address for the whole: what it gets must be contiguous
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in whole.items():
        if array.dtype.newbyteorder("<") not in _allowed():
            kinds = ", ".join(sorted(map(str, _allowed())))
            raise PlaitError(f"array {name!r} cannot be stored as {array.dtype}\n    allowed: {kinds}")
    return bytes(save(whole))


@cache
def _allowed() -> frozenset[Any]:
    import numpy as np

    return frozenset(np.dtype(name) for name in _DTYPES.values())


def same(one: Array, other: Array) -> bool:
    """Say whether two arrays are views of the same memory in the same way."""
    mine, others = one.__array_interface__, other.__array_interface__
    shapes = (one.shape, one.strides, one.dtype) == (other.shape, other.strides, other.dtype)
    return shapes and bool(mine["data"][0] == others["data"][0])


def content(path: Path) -> bytes | mmap.mmap:
    """Return a file's bytes: read if they are few, mapped if they are many.

    ValueError for a link, a pipe or a device: one may lead elsewhere, the others may have no end.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path.name} is not a regular file")
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  a path's own takes longer, and many are read
        if found.st_size < MAPPED_FROM:
            return file.readall()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class StoredArrays(Mapping[str, "Array"]):
    """The arrays in a safetensors file's bytes: read-only views of them, made when asked for."""

    def __init__(self, buffer: bytes | mmap.mmap = b"", names: Collection[str] | None = None):
        """Read the header, for all arrays or those named; ValueError says that it does not fit the bytes."""
        self._buffer = buffer
        self._start = 8 + int.from_bytes(buffer[:8], "little")
        try:
            header = json.loads(buffer[8 : self._start]) if buffer else {}
            self._entries = {
                name: _Entry(**entry)
                for name, entry in header.items()
                if name != "__metadata__" and (names is None or name in names)
            }
            for name in self:
                self[name]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError(f"the arrays' file cannot be read: {error}") from error

    def __getitem__(self, name: str) -> Array:
        import numpy as np

        entry = self._entries[name]
        dtype = np.dtype(_DTYPES[entry.dtype])
        begin, end = entry.data_offsets
        if not 0 <= begin <= end:
            raise ValueError(f"{name!r} lies from {begin} to {end}")
        count = (end - begin) // dtype.itemsize
        return np.frombuffer(self._buffer, dtype, count, self._start + begin).reshape(entry.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True)
class _Entry:
    """An array's place in the file, under safetensors' names."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]
