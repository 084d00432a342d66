"""A stand-in for CuPy on machines without a GPU: NumPy underneath, but refusing whatever CuPy refuses.

NumPy arrays are no operands and arrays do not turn into NumPy by themselves; ufuncs know no `where`;
reductions return arrays of no axes; names that CuPy lacks are missing.  Kernels that plait generates for
CUDA are compiled as C and run for every thread in turn.  The module-like object is `strict`.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


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
        return StrictArray(np.asarray(self._host[_index(key)]))

    def __setitem__(self, key: Any, value: Any) -> None:
        self._host[_index(key)] = host(value)

    def __mul__(self, other: Any) -> StrictArray:
        return StrictArray(np.asarray(self._host * host(other)))

    def all(self, axis: Any = None) -> StrictArray:
        return StrictArray(np.asarray(self._host.all(axis)))

    def __len__(self) -> int:
        return len(self._host)

    def copy(self) -> StrictArray:
        return StrictArray(self._host.copy())

    def fill(self, value: Any) -> None:
        self._host.fill(value)

    def view(self, dtype: Any) -> StrictArray:
        return StrictArray(self._host.view(dtype))

    def reshape(self, *shape: Any) -> StrictArray:
        return StrictArray(self._host.reshape(*shape))


def host(value: Any) -> Any:
    """Look behind the wall; NumPy arrays are refused, numbers are not."""
    if isinstance(value, StrictArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError("unsupported type <class 'numpy.ndarray'>")
    return value


def _index(key: Any) -> Any:
    return tuple(map(host, key)) if isinstance(key, tuple) else host(key)


class StrictUfunc:
    """A ufunc with `out` by name and without `where`."""

    def __init__(self, ufunc: np.ufunc):
        self._ufunc = ufunc

    def __call__(self, *operands: Any, out: StrictArray | None = None) -> StrictArray:
        result = self._ufunc(*map(host, operands), out=None if out is None else host(out))
        return out if out is not None else StrictArray(np.asarray(result))

    def at(self, array: StrictArray, indices: StrictArray, values: StrictArray) -> None:
        self._ufunc.at(host(array), host(indices), host(values))


def _reduction(name: str) -> Any:
    def reduce(
        a: StrictArray, axis: Any = None, *, out: StrictArray | None = None, keepdims: bool = False
    ) -> Any:
        result = getattr(np, name)(
            host(a), axis=axis, out=None if out is None else host(out), keepdims=keepdims
        )
        return out if out is not None else StrictArray(np.asarray(result))

    return reduce


def _take(
    a: StrictArray, indices: StrictArray, axis: int | None = None, out: StrictArray | None = None
) -> Any:
    found = np.take(host(a), host(indices), axis=axis, mode="wrap")
    if out is None:
        return StrictArray(found)
    host(out)[...] = found
    return out


def _cumsum(
    a: StrictArray, axis: int | None = None, dtype: Any = None, out: StrictArray | None = None
) -> Any:
    return StrictArray(np.cumsum(host(a), axis, dtype, None if out is None else host(out)))


def _arg(name: str) -> Any:
    def arg(a: StrictArray, axis: int, *, out: StrictArray) -> StrictArray:
        getattr(np, name)(host(a), axis, out=host(out))
        return out

    return arg


def _copyto(dst: StrictArray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    np.copyto(host(dst), host(src), casting=casting, where=True if where is None else host(where))


def _view(name: str) -> Any:
    return lambda a, *args: StrictArray(getattr(np, name)(host(a), *args))


def _matmul(a: StrictArray, b: StrictArray, out: StrictArray) -> StrictArray:
    np.matmul(host(a), host(b), out=host(out))
    return out


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


_PRELUDE = """#include <math.h>
#define __global__ static
struct three { long long x; };
static struct three blockIdx, blockDim, threadIdx;
"""
_DRIVER = """void run{number}(long long blocks, long long threads, {parameters}) {{
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++) {name}{number}({arguments});
}}
"""


class Compiler:
    """Compiles kernels as C, all that wait in one go: a compiler's start costs more than its work."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._waiting: list[str] = []
        self._ready: dict[int, Any] = {}

    def add(self, source: str, name: str) -> int:
        """Take a kernel; return its number."""
        if source not in self._numbers:
            self._numbers[source] = len(self._numbers)
            self._waiting.append(self._as_c(source, name, self._numbers[source]))
        return self._numbers[source]

    def function(self, number: int) -> Any:
        """Return the compiled kernel `number`."""
        if self._waiting:
            self._compile()
        return self._ready[number]

    def _as_c(self, source: str, name: str, number: int) -> str:
        head = source[source.index(f"void {name}(") :]
        parameters = head[head.index("(") + 1 : head.index(")")]
        result = source.split()[1 : source.split().index("T;")]
        source = source[source.index("extern") :].replace('extern "C" ', "").replace(name, f"{name}{number}")
        source = source.replace("T*", f"{' '.join(result)}*").replace("(T)", f"({' '.join(result)})")
        parameters = parameters.replace("T*", f"{' '.join(result)}*")
        arguments = ", ".join(one.split()[-1].lstrip("*") for one in parameters.split(","))
        return source + _DRIVER.format(parameters=parameters, name=name, arguments=arguments, number=number)

    def _compile(self) -> None:
        folder = Path(tempfile.mkdtemp())
        (folder / "kernels.c").write_text(_PRELUDE + "\n".join(self._waiting))
        flags = "-O1 -ffp-contract=off -shared -fPIC kernels.c -o kernels.so -lm".split()
        subprocess.run(["cc", *flags], cwd=folder, check=True)
        library = ctypes.CDLL(str(folder / "kernels.so"))
        first = len(self._ready)
        for number in range(first, first + len(self._waiting)):
            self._ready[number] = library[f"run{number}"]
        self._waiting.clear()


COMPILER = Compiler()


class RawKernel:
    """A CUDA kernel, run thread by thread."""

    def __init__(self, source: str, name: str):
        self._number = COMPILER.add(source, name)

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
        plain = [
            ctypes.c_void_p(a.data.ptr) if isinstance(a, StrictArray) else ctypes.c_longlong(int(a))
            for a in arguments
        ]
        run = COMPILER.function(self._number)
        run(ctypes.c_longlong(grid[0]), ctypes.c_longlong(block[0]), *plain)


strict = SimpleNamespace(
    __name__="strict",
    empty=lambda shape, dtype: StrictArray(np.empty(shape, dtype)),
    zeros=lambda shape, dtype: StrictArray(np.zeros(shape, dtype)),
    asarray=lambda value: StrictArray(np.array(value)),
    asnumpy=lambda value: value._host.copy(),
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
        device=SimpleNamespace(get_cublas_handle=lambda: 0),
        cublas=SimpleNamespace(
            sgemmStridedBatched=_gemm_strided_batched(ctypes.c_float),
            dgemmStridedBatched=_gemm_strided_batched(ctypes.c_double),
        ),
    ),
)


def strict_backend() -> Any:
    """Return a backend of strict arrays with the kernels that CuPy would run."""
    from contextlib import nullcontext

    from pipeline.engine.backends import Backend
    from pipeline.engine.cupy_kernels import CUPY_KERNELS
    from pipeline.engine.kernels import KERNELS

    return Backend("cupy", strict, {**KERNELS, **CUPY_KERNELS}, strict.asarray, strict.asnumpy, nullcontext)


has_compiler = shutil.which("cc") is not None
