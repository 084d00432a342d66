"""Where arrays live: one array module, its kernels, and how arrays come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.engine.kernels import KERNELS, Array, Builder
from pipeline.engine.passes.plan import Plan
from pipeline.errors import UserError


@dataclass(frozen=True)
class Backend:
    """An array module with the kernels that run on it.

    `from_host` copies a NumPy array to the backend, `to_host` back; `quiet` silences floating-point
    warnings while a program runs, since members that overflow are found by their values.  `fuse` joins
    the instructions of a plan that one of its kernels runs together; `draw` returns what fills a buffer
    with random numbers (`cuda_random.draw`).
    """

    name: str
    xp: ModuleType
    kernels: Mapping[str, Builder]
    from_host: Callable[[Any], Array]
    to_host: Callable[[Array], Any]
    quiet: Callable[[], AbstractContextManager[Any]]
    fuse: Callable[[Plan], Plan] | None = None
    draw: Callable[[ModuleType, str, Array, Array], Callable[[Array], None]] | None = None


def numpy_backend() -> Backend:
    """Return the backend of NumPy arrays."""
    from pipeline.engine import numba_kernels

    builder = numba_kernels.fused
    fused = {"fused": builder, "rows": builder} if numba_kernels.available() else {}
    return Backend(
        "numpy", np, {**KERNELS, **fused}, np.asarray, np.asarray, lambda: np.errstate(all="ignore")
    )


def cupy_backend() -> Backend:
    """Return the backend of CuPy arrays; UserError if there is no CuPy or no GPU."""
    try:
        import cupy
    except ImportError as error:
        raise UserError(
            "backend cupy: CuPy is not installed. Install plait[cuda12] or plait[cuda13], "
            "or use --backend numpy"
        ) from error
    if not cupy.cuda.is_available():
        raise UserError("backend cupy: no GPU is available here. Use --backend numpy")
    from pipeline.engine import cuda_groups, cuda_random
    from pipeline.engine.cupy_kernels import CUPY_KERNELS

    kernels = {**KERNELS, **CUPY_KERNELS}
    functions = cuda_groups.fuse, cuda_random.draw
    return Backend("cupy", cupy, kernels, cupy.asarray, cupy.asnumpy, _nothing, *functions)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def backend(name: str = "auto") -> Backend:
    """Return the backend `numpy`, `cupy`, or for `auto` CuPy where a GPU is and NumPy elsewhere."""
    if name == "numpy":
        return numpy_backend()
    if name == "cupy":
        return cupy_backend()
    if name == "auto":
        return cupy_backend() if _gpu_is_there() else numpy_backend()
    raise UserError(f"backend {name!r} is not one of numpy, cupy, auto")


def _gpu_is_there() -> bool:
    try:
        import cupy
    except ImportError:
        return False
    return bool(cupy.cuda.is_available())
