"""Random numbers drawn in a CUDA kernel: Philox4x64-10 of a key and a counter (Salmon et al. 2011).

The counters are those of NumPy's Philox, and so is the way from bits to uniform numbers: uniform numbers
are NumPy's to the last bit.  Normal numbers are not: NumPy's ziggurat reads as many bits as it
happens to need, one after the other; here a pair of uniform numbers makes a pair of normal ones (Box &
Muller 1958), of the same distribution but other values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np

from pipeline.engine import cuda
from pipeline.engine.kernels import Array

# From counter c0..c3 and key k0, k1 to four words in c0..c3
PHILOX = (
    "for (int round = 0; round < 10; round++) {",
    "    const U high0 = __umul64hi(0xD2E7470EE14C6C93ULL, c0), low0 = 0xD2E7470EE14C6C93ULL * c0;",
    "    const U high1 = __umul64hi(0xCA5A826395121157ULL, c2), low1 = 0xCA5A826395121157ULL * c2;",
    "    c0 = high1 ^ c1 ^ k0; c1 = low1;",
    "    c2 = high0 ^ c3 ^ k1; c3 = low0;",
    "    k0 += 0x9E3779B97F4A7C15ULL; k1 += 0xBB67AE8584CAA73BULL;",
    "}",
)
# The words w of a counter's block, all bits or the lower half first
WORDS: Mapping[str, tuple[int, str]] = {
    "float64": (4, "const U w[4] = {c0, c1, c2, c3};"),
    "float32": (
        8,
        "const U w[8] = {c0 & LOW, c0 >> 32, c1 & LOW, c1 >> 32, c2 & LOW, c2 >> 32, c3 & LOW, c3 >> 32};",
    ),
}
# A number in [0, 1) from the upper bits of word w[j], as many as the type's mantissa has
UNIFORM: Mapping[str, str] = {
    "float64": "(double)(w[{j}] >> 11) * (1.0 / 9007199254740992.0)",
    "float32": "(float)(w[{j}] >> 8) * (1.0f / 16777216.0f)",
}


def draw(xp: ModuleType, kind: str, out: Array, seeds: Array) -> Callable[[Array], None]:
    """Return what fills `out`, (members, ...) in order, with `normal` or `uniform` numbers of given keys.

    `seeds` says which key each member uses, (members,) int64; the keys are given at each call, (keys, 2)
    uint64.
    """
    members = len(seeds)
    size = out.size // members
    words, split = WORDS[out.dtype.name]
    blocks = -(-size // words)  # of Philox, for one member
    body = [
        "typedef unsigned long long U;",
        "const U LOW = 0xffffffffULL;",
        "const int i = blockIdx.x * blockDim.x + threadIdx.x;",
        "if (i >= members * blocks) return;",
        "const int member = i / blocks, block = i % blocks;",
        "U c0 = block + 1, c1 = 0, c2 = 0, c3 = 0;",
        "U k0 = keys[2 * seeds[member]], k1 = keys[2 * seeds[member] + 1];",
        *PHILOX,
        split,
        f"{cuda.CTYPES[out.dtype.name]}* to = out + (long long)member * size + block * {words};",
        f"const int count = size - block * {words};",
        *(_normals if kind == "normal" else _uniforms)(out.dtype.name, words),
    ]
    parameters = [
        "const unsigned long long* keys",
        "const long long* seeds",
        f"{cuda.CTYPES[out.dtype.name]}* out",
        "int members",
        "int size",
        "int blocks",
    ]
    rest = (seeds, out, *map(np.int32, (members, size, blocks)))
    call = cuda.kernel_call(xp, parameters, body, rest, -(-members * blocks // cuda.THREADS))
    grid, block, _ = call.arguments

    def fill(keys: Array) -> None:
        call.function(grid, block, (keys, *rest))

    return fill


def _uniforms(dtype: str, words: int) -> list[str]:
    return [f"if ({j} < count) to[{j}] = {UNIFORM[dtype].format(j=j)};" for j in range(words)]


def _normals(dtype: str, words: int) -> list[str]:
    f = "f" if dtype == "float32" else ""
    real = cuda.CTYPES[dtype]
    lines = []
    for j in range(0, words, 2):
        # 1 - u lies in (0, 1]: its logarithm is finite
        first, second = UNIFORM[dtype].format(j=j), UNIFORM[dtype].format(j=j + 1)
        lines += [
            f"const {real} r{j} = sqrt{f}(-2 * log{f}(1 - {first}));",
            f"const {real} a{j} = ({real})6.283185307179586 * ({second});",
            f"if ({j} < count) to[{j}] = r{j} * cos{f}(a{j});",
            f"if ({j + 1} < count) to[{j + 1}] = r{j} * sin{f}(a{j});",
        ]
    return lines
