"""e^x in float32 by the operations with which NumPy's vector code computes it, for kernels to contain.

x = q ln 2 + r (Cody & Waite 1980), e^r is a quotient of two polynomials, and q goes into the exponent;
products are added in one rounding.  NumPy does so on x86 with AVX2 and up (`loops_exponent_log`).  Where it
computes e^x otherwise, `as_numpy` tells so, and the exponential stays a call.
"""

from __future__ import annotations

from functools import cache

import numpy as np

# Below -125 the result may be a denormal number: the rest of q is a second factor, whose product rounds once.
SOURCE = """
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def fma(context, a, b, c):
    return a(a, a, a), lambda c, builder, s, xs: builder.fma(*xs)


@intrinsic
def bits_of(context, x):
    return types.int32(types.float32), lambda c, builder, s, xs: builder.bitcast(xs[0], ir.IntType(32))


@intrinsic
def with_bits(context, i):
    return types.float32(types.int32), lambda c, builder, s, xs: builder.bitcast(xs[0], ir.FloatType())


ONE, LOG2_E, ROUNDING = np.float32(1), np.float32(1.4426950408889634), np.float32(12582912.0)
HIGH, LOW = np.float32(-6.93145752e-1), np.float32(-1.42860677e-6)
LARGEST, SMALLEST = np.float32(88.72283935546875), np.float32(-103.97208404541015625)
P0, P1 = np.float32(9.999999999980870924916e-01), np.float32(7.257664613233124478488e-01)
P2, P3 = np.float32(2.473615434895520810817e-01), np.float32(5.114512081637298353406e-02)
P4, P5 = np.float32(6.757896990527504603057e-03), np.float32(5.082762527590693718096e-04)
Q1, Q2 = np.float32(-2.742335390411667452936e-01), np.float32(2.159509375685829852307e-02)
INFINITY, NOTHING, DENORMAL = np.float32(np.inf), np.float32(0), np.float32(-125)


@numba.njit(error_model="numpy", cache=True)
def exponential(x):
    inside = x if x < LARGEST else LARGEST
    inside = inside if inside > SMALLEST else SMALLEST
    q = (inside * LOG2_E + ROUNDING) - ROUNDING
    r = fma(q, LOW, fma(q, HIGH, inside))
    above = fma(fma(fma(fma(fma(P5, r, P4), r, P3), r, P2), r, P1), r, P0)
    below = fma(fma(Q2, r, Q1), r, ONE)
    first = q if q > DENORMAL else DENORMAL
    y = with_bits(np.int32(bits_of(above / below) + (np.int32(first) << np.int32(23))))
    y = y * with_bits(np.int32((np.int32(127) + np.int32(q - first)) << np.int32(23)))
    y = y if x < LARGEST else INFINITY
    y = y if x > SMALLEST else NOTHING
    return y if x == x else x
"""


@cache
def as_numpy() -> bool:
    """Return whether a kernel's exponential has the bits of NumPy's on this machine; compiles one to see."""
    from pipeline.engine import numba_kernels
    from pipeline.engine.fusion import Step
    from pipeline.engine.numba_source import source

    if not numba_kernels.available():
        return False
    x = np.concatenate([np.linspace(-106, 91, 1 << 15), np.geomspace(1e-30, 1, 1 << 10)]).astype(np.float32)
    y, expected = np.empty_like(x), np.empty_like(x)
    kernel = numba_kernels.compiled(source([Step("exp", (("in", 0),), "float32")], [0], [True, True], [1]))
    distances = np.zeros(4, dtype=np.int64)
    numbers = (np.float32(0), np.float32(1), np.float32(0))
    with np.errstate(all="ignore"):
        np.exp(x, out=expected)
        kernel(1, 1, x.size, distances, *numbers, x, y)
    return y.tobytes() == expected.tobytes()
