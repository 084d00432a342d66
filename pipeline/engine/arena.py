"""Memory for a program's buffers: blocks that are handed on when their last reader has run."""

from __future__ import annotations

from collections.abc import Hashable
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.engine.kernels import Array, address

ALIGNMENT = 64  # bytes: a cache line


class Arena:
    """Allocates arrays of one module; temporary ones are named by a key and reused after `release`."""

    def __init__(self, xp: ModuleType):
        self._xp = xp
        self._free: list[Array] = []
        self._held: dict[Hashable, Array] = {}
        self.bytes = 0

    def permanent(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array that is never reused."""
        return self._view(self._block(self._size(shape, dtype)), shape, dtype)

    def temporary(self, key: Hashable, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array that may be reused once `key` is released."""
        size = self._size(shape, dtype)
        fitting = [block for block in self._free if size <= block.size <= 2 * size + 4096]
        if fitting:
            block = min(fitting, key=lambda block: block.size)
            self._free = [other for other in self._free if other is not block]
        else:
            block = self._block(size)
        self._held[key] = block
        return self._view(block, shape, dtype)

    def holds(self, key: Hashable) -> bool:
        """Return whether `key` names a temporary array in use."""
        return key in self._held

    def release(self, key: Hashable) -> None:
        """Hand on the memory of `key`; permanent arrays and unknown keys stay as they are."""
        if key in self._held:
            self._free.append(self._held.pop(key))

    def rename(self, old: Hashable, new: Hashable) -> None:
        """Let `new` hold the memory of `old`."""
        self._held[new] = self._held.pop(old)

    def _size(self, shape: tuple[int, ...], dtype: Any) -> int:
        wanted: int = prod(shape) * np.dtype(dtype).itemsize
        return max(ALIGNMENT, -(-wanted // ALIGNMENT) * ALIGNMENT)

    def _block(self, size: int) -> Array:
        self.bytes += size
        raw = self._xp.empty(size + ALIGNMENT, dtype=np.uint8)
        offset = -address(raw) % ALIGNMENT
        return raw[offset : offset + size]

    def _view(self, block: Array, shape: tuple[int, ...], dtype: Any) -> Array:
        count = prod(shape) * np.dtype(dtype).itemsize
        view: Array = block[:count].view(dtype).reshape(shape)
        return view
