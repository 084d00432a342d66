"""A stand-in for CuPy on machines without a GPU: NumPy underneath, but refusing whatever CuPy refuses.

NumPy arrays are no operands and arrays do not turn into NumPy by themselves; ufuncs know no `where`;
reductions return arrays of no axes; names that CuPy lacks are missing.  Kernels that plait generates for
CUDA are compiled as C and run for every thread in turn.  The module-like object is `strict`.
"""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from strict_arrays import DEVICE, Stream, StrictArray, host
from strict_kernels import RawKernel, has_compiler

__all__ = [
    "DEVICE",
    "StrictArray",
    "has_compiler",
    "real",
    "stand_in_only",
    "strict",
    "strict_backend",
    "strict_cublas",
]

real = os.environ.get("PLAIT_TEST_BACKEND") == "cupy"
stand_in_only = pytest.mark.skipif(real, reason="about what the stand-in alone shows")


def _into(out: StrictArray | None, compute: Any) -> StrictArray:
    """Compute into `out` when the device comes to it, or at once into a new array."""
    if out is None:
        return DEVICE.allocate(np.asarray(compute()))
    DEVICE.do(lambda: np.copyto(host(out), compute(), casting="same_kind"))
    return out


class StrictUfunc:
    """A ufunc with `out` by name and without `where`."""

    def __init__(self, ufunc: np.ufunc):
        self._ufunc = ufunc

    def __call__(self, *operands: Any, out: StrictArray | None = None) -> StrictArray:
        inside = [host(one) for one in operands]
        return _into(out, lambda: self._ufunc(*inside))

    def at(self, array: StrictArray, indices: StrictArray, values: StrictArray) -> None:
        inside = [host(one) for one in (array, indices, values)]
        DEVICE.do(lambda: self._ufunc.at(*inside))


def _reduction(name: str) -> Any:
    def reduce(
        a: StrictArray, axis: Any = None, *, out: StrictArray | None = None, keepdims: bool = False
    ) -> StrictArray:
        inside = host(a)
        return _into(out, lambda: getattr(np, name)(inside, axis=axis, keepdims=keepdims))

    return reduce


def _take(
    a: StrictArray, indices: StrictArray, axis: int | None = None, out: StrictArray | None = None
) -> StrictArray:
    table, places = host(a), host(indices)
    return _into(out, lambda: np.take(table, places, axis=axis, mode="wrap"))


def _cumsum(
    a: StrictArray, axis: int | None = None, dtype: Any = None, out: StrictArray | None = None
) -> StrictArray:
    inside = host(a)
    return _into(out, lambda: np.cumsum(inside, axis, dtype))


def _arg(name: str) -> Any:
    def arg(a: StrictArray, axis: int, *, out: StrictArray) -> StrictArray:
        inside = host(a)
        return _into(out, lambda: getattr(np, name)(inside, axis))

    return arg


def _copyto(dst: StrictArray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    inside, mask = host(src), True if where is None else host(where)
    DEVICE.do(lambda: np.copyto(host(dst), inside, casting=casting, where=mask))


def _view(name: str) -> Any:
    def view(a: StrictArray, *args: Any) -> StrictArray:
        found = getattr(np, name)(host(a), *args)
        return StrictArray(found) if np.may_share_memory(found, host(a)) else DEVICE.allocate(found)

    return view


def _matmul(a: StrictArray, b: StrictArray, out: StrictArray) -> StrictArray:
    _refuse_in_capture()
    left, right = host(a), host(b)
    return _into(out, lambda: np.matmul(left, right))


def _refuse_in_capture() -> None:
    if DEVICE.capturing:
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")


def _asarray(value: Any) -> StrictArray:
    DEVICE.cross()
    return DEVICE.allocate(np.array(value))


def _asnumpy(value: StrictArray) -> np.ndarray:
    DEVICE.cross()
    return host(value).copy()


def _gemm_strided_batched(scalar: Any) -> Any:
    """cuBLAS's product, read literally from its manual: column-major operands at pointers."""

    def gemm(handle, ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, count):
        assert ctypes.cast(alpha, ctypes.POINTER(scalar))[0] == 1.0
        assert ctypes.cast(beta, ctypes.POINTER(scalar))[0] == 0.0
        size = ctypes.sizeof(scalar)

        def matrix(pointer: int, stride: int, ld: int, rows: int, columns: int, batch: int) -> np.ndarray:
            assert ld >= rows
            start = pointer + batch * stride * size
            flat = (scalar * (ld * (columns - 1) + rows)).from_address(start)
            return np.lib.stride_tricks.as_strided(
                np.frombuffer(flat, scalar), (rows, columns), (size, ld * size), writeable=True
            )

        for batch in range(count):
            left = matrix(a, sa, lda, *((k, m) if ta else (m, k)), batch)
            right = matrix(b, sb, ldb, *((n, k) if tb else (k, n)), batch)
            matrix(c, sc, ldc, m, n, batch)[...] = (left.T if ta else left) @ (right.T if tb else right)

    return gemm


def _as_cupy_calls(gemm: Any) -> Any:
    def call(*arguments: int) -> None:
        _refuse_in_capture()
        gemm(*arguments)

    return call


def strict_cublas() -> Any:
    """Return cuBLAS as `cublas.library` finds it: C functions of its manual, which a capture takes."""
    integer, long, pointer = ctypes.c_int, ctypes.c_longlong, ctypes.c_void_p
    matrix = pointer, integer, long
    gemm_types = (pointer, *[integer] * 5, pointer, *matrix, *matrix, pointer, *matrix, integer)

    def deferred(gemm: Any) -> Any:
        def function(*arguments: Any) -> int:
            DEVICE.do(lambda: gemm(*arguments))
            return 0

        return ctypes.CFUNCTYPE(ctypes.c_int, *gemm_types)(function)

    gemms = {
        "cublasSgemmStridedBatched": deferred(_gemm_strided_batched(ctypes.c_float)),
        "cublasDgemmStridedBatched": deferred(_gemm_strided_batched(ctypes.c_double)),
    }
    streams: list[int] = []
    on = ctypes.CFUNCTYPE(integer, pointer, pointer)(lambda handle, stream: streams.append(stream) or 0)
    return SimpleNamespace(**gemms, cublasSetStream_v2=on, streams=streams)


strict = SimpleNamespace(
    __name__="strict",
    empty=lambda shape, dtype: DEVICE.allocate(np.empty(shape, dtype)),
    zeros=lambda shape, dtype: DEVICE.allocate(np.zeros(shape, dtype)),
    asarray=_asarray,
    asnumpy=_asnumpy,
    RawKernel=RawKernel,
    add=StrictUfunc(np.add),
    isfinite=StrictUfunc(np.isfinite),
    all=_reduction("all"),
    sum=_reduction("sum"),
    max=_reduction("max"),
    min=_reduction("min"),
    argmax=_arg("argmax"),
    argmin=_arg("argmin"),
    cumsum=_cumsum,
    take=_take,
    copyto=_copyto,
    matmul=_matmul,
    reshape=_view("reshape"),
    transpose=_view("transpose"),
    broadcast_to=_view("broadcast_to"),
    squeeze=_view("squeeze"),
    lib=SimpleNamespace(
        stride_tricks=SimpleNamespace(
            as_strided=lambda a, *form: StrictArray(np.lib.stride_tricks.as_strided(host(a), *form))
        )
    ),
    shares_memory=lambda a, b: np.shares_memory(host(a), host(b)),
    may_share_memory=lambda a, b: np.may_share_memory(host(a), host(b)),
    cuda=SimpleNamespace(
        Stream=Stream,
        get_current_stream=lambda: SimpleNamespace(ptr=Stream.ptr),
        using_allocator=DEVICE.using_allocator,
        device=SimpleNamespace(get_cublas_handle=lambda: 0),
        cublas=SimpleNamespace(
            sgemmStridedBatched=_as_cupy_calls(_gemm_strided_batched(ctypes.c_float)),
            dgemmStridedBatched=_as_cupy_calls(_gemm_strided_batched(ctypes.c_double)),
        ),
    ),
)


def strict_backend() -> Any:
    """Return a backend of strict arrays with the kernels that CuPy would run.

    Where PLAIT_TEST_BACKEND is `cupy` it is the real one instead: `make gpu` runs the suite so.
    """
    from contextlib import nullcontext

    from pipeline.engine import backend

    if real:
        return backend("cupy")
    from pipeline.engine import cuda_groups, cuda_random
    from pipeline.engine.backends import Backend
    from pipeline.engine.cupy_kernels import CUPY_KERNELS
    from pipeline.engine.kernels import KERNELS

    kernels = {**KERNELS, **CUPY_KERNELS}
    functions = cuda_groups.fuse, cuda_random.draw
    return Backend("cupy", strict, kernels, strict.asarray, strict.asnumpy, nullcontext, *functions)
