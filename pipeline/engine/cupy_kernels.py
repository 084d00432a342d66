"""What runs differently on CuPy: generated kernels, strided-batched products.

`cupy.matmul` copies transposed stacks and turns a shared operand into an array of pointers, so products
go to cuBLAS directly: transposes are flags, a shared operand has stride 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

from pipeline.engine import cublas, cuda, cuda_fused, cuda_lines
from pipeline.engine.kernels import Array, Builder, Call, Site, address


class Gemm(NamedTuple):
    """One strided-batched product in cuBLAS's column-major words: C = op(A)·op(B), `batch` times."""

    transpose_a: bool
    transpose_b: bool
    m: int
    n: int
    k: int
    a: Array
    lda: int
    stride_a: int
    b: Array
    ldb: int
    stride_b: int
    c: Array
    ldc: int
    stride_c: int
    batch: int


def gemm(a: Array, b: Array, out: Array) -> Gemm | None:
    """Return out = a·b (row-major stacks) as a Gemm, or None if a layout has no such form.

    A row-major matrix is its transpose to cuBLAS, so out' = b'·a' is asked for and the operands change
    places.
    """
    forms = [_matrix_form(array) for array in (a, b, out)]
    batches = [_batch_stride(array, out.shape[:-2]) for array in (a, b, out)]
    if any(form is None for form in forms) or any(stride is None for stride in batches):
        return None
    (a_t, lda), (b_t, ldb), (out_t, ldc) = forms  # type: ignore[misc]
    if out_t:
        return None
    rows, columns, inner = out.shape[-2], out.shape[-1], a.shape[-1]
    stride_a, stride_b, stride_c = batches
    assert stride_a is not None
    assert stride_b is not None
    assert stride_c is not None
    count = prod(out.shape[:-2])
    return Gemm(b_t, a_t, columns, rows, inner, b, ldb, stride_b, a, lda, stride_a, out, ldc, stride_c, count)


def _matrix_form(array: Array) -> tuple[bool, int] | None:
    """Return (transposed, leading dimension) of the last two axes in elements, or None."""
    rows, columns = array.shape[-2:]
    down, right = (stride // array.itemsize for stride in array.strides[-2:])
    if (right == 1 or columns == 1) and (down >= columns or rows == 1):
        return False, max(down if rows > 1 else columns, columns, 1)
    if (down == 1 or rows == 1) and (right >= rows or columns == 1):
        return True, max(right if columns > 1 else rows, rows, 1)
    return None


def _batch_stride(array: Array, batch: tuple[int, ...]) -> int | None:
    """Return the one stride, in elements, that walks the leading axes `batch`; 0 for a shared operand."""
    lengths = (1,) * (len(batch) - array.ndim + 2) + array.shape[:-2]
    steps = (0,) * (len(batch) - array.ndim + 2) + array.strides[:-2]
    wanted = [(n, 0 if own == 1 else s) for n, own, s in zip(batch, lengths, steps, strict=True) if n > 1]
    if not wanted or all(step == 0 for _, step in wanted):
        return 0
    stride = int(wanted[-1][1])
    expected = stride
    for length, step in reversed(wanted):
        if step != expected:
            return None
        expected = step * length
    return stride // int(array.itemsize)


def _matmul(site: Site) -> list[Call]:
    a, b = site.ins
    form = gemm(a, b, site.out) if site.out.dtype.name in _GEMMS else None
    if form is None:
        return [Call(site.xp.matmul, (a, b), {"out": site.out})]
    one, zero = np.ones((), site.out.dtype), np.zeros((), site.out.dtype)
    return [Call(_run_gemm, (site.xp, form, one, zero))]


_GEMMS = {"float32": "sgemmStridedBatched", "float64": "dgemmStridedBatched"}


def _run_gemm(xp: Any, g: Gemm, one: Any, zero: Any) -> None:
    handle, dtype = xp.cuda.device.get_cublas_handle(), g.c.dtype.name
    arguments = (
        int(g.transpose_a),
        int(g.transpose_b),
        g.m,
        g.n,
        g.k,
        one.ctypes.data,
        address(g.a),
        g.lda,
        g.stride_a,
        address(g.b),
        g.ldb,
        g.stride_b,
        zero.ctypes.data,
        address(g.c),
        g.ldc,
        g.stride_c,
        g.batch,
    )
    try:
        getattr(xp.cuda.cublas, _GEMMS[dtype])(handle, *arguments)
    except NotImplementedError:  # by CuPy, of any cuBLAS call while a stream captures
        cublas.gemm_strided_batched(xp, dtype, handle, *arguments)


CUPY_KERNELS: Mapping[str, Builder] = {
    **{name: cuda_fused.single(name) for name in cuda.EXPRESSIONS},
    **{name: cuda_lines.single(name) for name in cuda_lines.COMBINED},
    "fused": cuda_fused.fused,
    "lines": cuda_lines.lines,
    "matmul": _matmul,
}
