"""Random numbers keyed by a seed and a path, so that where a trial runs and beside whom changes nothing.

A path is a node's name, what the numbers are for, and counters: ("fit", "initial", "hidden0.weights").
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


def key(seed: int, *path: str | int) -> npt.NDArray[np.uint64]:
    """Return Philox's key for `path` under `seed`, a hash of both: (2,)."""
    digest = hashlib.blake2b(json.dumps([seed, *path]).encode(), digest_size=16).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the generator of `path` under `seed`: Philox4x64-10 under their key (Salmon et al. 2011)."""
    return np.random.Generator(np.random.Philox(key=key(seed, *path)))


def fill(kind: str, out: npt.NDArray[np.floating], seed: int, *path: str | int) -> None:
    """Fill `out` (float32 or float64, C-contiguous) with `normal` or `uniform` [0, 1) numbers of `path`."""
    source = generator(seed, *path)
    draw = source.standard_normal if kind == "normal" else source.random
    draw(dtype=out.dtype, out=out)


class EagerRandom:
    """The `rng` of a stage that is called directly with NumPy arrays: the draws of one path."""

    def __init__(self, seed: int, *path: str | int, dtype: str = "float64"):
        self._generator = generator(seed, *path)
        self._dtype = np.dtype(dtype)

    def normal(self, shape: tuple[int, ...]) -> Array:
        """Draw standard normal numbers."""
        return self._generator.standard_normal(shape).astype(self._dtype)

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """Draw uniform numbers in [0, 1)."""
        return self._generator.random(shape).astype(self._dtype)

    def bernoulli(self, p: float, shape: tuple[int, ...]) -> Array:
        """Draw ones with probability `p`, zeros otherwise, as floats."""
        return (self._generator.random(shape) < p).astype(self._dtype)
