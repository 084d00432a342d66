"""cuBLAS called directly while a stream captures: CuPy refuses to do so (cupy#6290), cuBLAS does not."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

GEMMS: Mapping[str, str] = {"float32": "cublasSgemmStridedBatched", "float64": "cublasDgemmStridedBatched"}
_INT, _LONG, _POINTER = ctypes.c_int, ctypes.c_longlong, ctypes.c_void_p
# handle, transposed a and b; m, n, k; alpha; a, lda, stride; b, ldb, stride; beta; c, ldc, stride; how many
GEMM_TYPES = (
    *(_POINTER, _INT, _INT, _INT, _INT, _INT, _POINTER),
    *(_POINTER, _INT, _LONG, _POINTER, _INT, _LONG, _POINTER),
    *(_POINTER, _INT, _LONG, _INT),
)
STREAM_TYPES = (_POINTER, _POINTER)


@cache
def library() -> Any:
    """Return the cuBLAS that CuPy uses; raises where it cannot be found."""
    from cuda.pathfinder import load_nvidia_dynamic_lib  # type: ignore[import-untyped]

    found = ctypes.CDLL(str(load_nvidia_dynamic_lib("cublas").abs_path))
    found.cublasSetStream_v2.argtypes = STREAM_TYPES
    for name in GEMMS.values():
        getattr(found, name).argtypes = GEMM_TYPES
    return found


def gemm_strided_batched(xp: ModuleType, dtype: str, handle: int, *arguments: int) -> None:
    """Call cuBLAS on the current stream; RuntimeError with its status if it fails."""
    _checked(library().cublasSetStream_v2(handle, xp.cuda.get_current_stream().ptr))
    _checked(getattr(library(), GEMMS[dtype])(handle, *arguments))


def _checked(status: int) -> None:
    if status:
        raise RuntimeError(f"cuBLAS failed with status {status}")
