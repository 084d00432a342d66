"""Kernels of the stand-in for CuPy: CUDA source compiled as C and run for every thread.

Where threads of a block wait for each other, each of them is a fibre with a stack of its own, and
`__syncthreads` goes on to the next.  A kernel that not all threads of a block bring to the same barrier is
an error, as are arguments of other types than the kernel declares (CUDA would read garbage).
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from strict_arrays import DEVICE, StrictArray

has_compiler = shutil.which("cc") is not None

_PRELUDE = """#include <math.h>
#include <ucontext.h>
#define __global__
#define __device__ static
#define __shared__ static
#define __umul64hi(a, b) ((unsigned long long)(((unsigned __int128)(a) * (b)) >> 64))
struct three { unsigned x; };
static struct three blockIdx, blockDim, threadIdx;
static ucontext_t scheduler, fibres[1024];
static char stacks[1024][16384], done[1024];
static int turn;
#define __syncthreads() swapcontext(&fibres[turn], &scheduler)
static int run_block(int threads, void (*body)(void)) {
    for (int t = 0; t < threads; t++) {
        getcontext(&fibres[t]);
        fibres[t].uc_stack.ss_sp = stacks[t];
        fibres[t].uc_stack.ss_size = sizeof stacks[t];
        fibres[t].uc_link = &scheduler;
        makecontext(&fibres[t], body, 0);
        done[t] = 0;
    }
    for (int left = threads, round = 0; left; round++) {
        int ended = 0;
        for (int t = 0; t < threads; t++) {
            turn = threadIdx.x = round % 2 ? threads - 1 - t : t;  /* no order among threads may matter */
            swapcontext(&scheduler, &fibres[turn]);
            ended += done[turn];
        }
        left -= ended;
        if (ended && left) return 1;
    }
    return 0;
}
"""
_ALONE = """
int run_{name}(int grid_, int block_, {parameters}) {{
    blockDim.x = block_;
    for (blockIdx.x = 0; blockIdx.x < grid_; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < block_; threadIdx.x++) {name}({arguments});
    return 0;
}}
"""
_TOGETHER = """
{globals}
static void fibre_{name}(void) {{ {name}({given}); done[turn] = 1; }}
int run_{name}(int grid_, int block_, {parameters}) {{
    blockDim.x = block_;
    {assigned}
    for (blockIdx.x = 0; blockIdx.x < grid_; blockIdx.x++)
        if (run_block(block_, fibre_{name})) return 1;
    return 0;
}}
"""


def parameters_of(source: str, name: str) -> list[tuple[str, str]]:
    """Return the kernel's parameters as (type, name)."""
    head = re.search(rf"{name}\((.*?)\) {{", source, re.DOTALL)
    assert head, source
    return [tuple(one.strip().rsplit(" ", 1)) for one in head[1].split(",")]  # type: ignore[misc]


class Compiler:
    """Compiles kernels as C, all that wait in one go: a compiler's start costs more than its work."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self._waiting: list[str] = []
        self._ready: dict[str, Any] = {}

    def add(self, source: str, name: str) -> None:
        """Take a kernel, once."""
        if self.sources.setdefault(name, source) != source:
            raise ValueError(f"two kernels are called {name}")
        if name not in self._ready and name not in self._waiting:
            self._waiting.append(name)

    def function(self, name: str) -> Any:
        """Return the compiled kernel."""
        if name in self._waiting:
            self._compile()
        return self._ready[name]

    def _as_c(self, name: str) -> str:
        source = self.sources[name]
        found = parameters_of(source, name)
        driver = _TOGETHER if "__syncthreads" in source else _ALONE
        return source.replace('extern "C" ', "") + driver.format(
            name=name,
            parameters=", ".join(f"{kind} {each}" for kind, each in found),
            arguments=", ".join(each for _, each in found),
            globals="\n".join(f"static {kind} {name}_{each};".replace("const ", "") for kind, each in found),
            given=", ".join(f"{name}_{each}" for _, each in found),
            assigned=" ".join(
                f"{name}_{each} = ({kind}){each};".replace("const ", "") for kind, each in found
            ),
        )

    def _compile(self) -> None:
        folder = Path(tempfile.mkdtemp())
        (folder / "kernels.c").write_text(_PRELUDE + "\n".join(map(self._as_c, self._waiting)))
        flags = "-O1 -ffp-contract=off -w -shared -fPIC kernels.c -o kernels.so -lm".split()
        subprocess.run(["cc", *flags], cwd=folder, check=True)
        library = ctypes.CDLL(str(folder / "kernels.so"))
        shutil.rmtree(folder)
        for name in self._waiting:
            self._ready[name] = library[f"run_{name}"]
        self._waiting.clear()


COMPILER = Compiler()

CTYPES = {
    "float": np.float32,
    "double": np.float64,
    "int": np.int32,
    "long long": np.int64,
    "unsigned long long": np.uint64,
}


class RawKernel:
    """A CUDA kernel, run thread by thread."""

    def __init__(self, source: str, name: str):
        COMPILER.add(source, name)
        self._name = name
        self._types = [kind for kind, _ in parameters_of(source, name)]

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
        assert len(arguments) == len(self._types), "a kernel takes as many arguments as it declares"
        assert len(grid) == len(block) == 1, "more dimensions are not needed"
        assert 0 < grid[0] < 2**31, grid
        assert 0 < block[0] <= 1024, block
        plain = [_argument(kind, value) for kind, value in zip(self._types, arguments, strict=True)]
        DEVICE.do(lambda: self._run(grid[0], block[0], plain))

    def _run(self, blocks: int, threads: int, arguments: list[Any]) -> None:
        run = COMPILER.function(self._name)
        if run(ctypes.c_int(blocks), ctypes.c_int(threads), *arguments):
            raise RuntimeError(f"threads of a block part at a barrier of {self._name}")


def _argument(kind: str, value: Any) -> Any:
    if kind.endswith("*"):
        wanted = kind.removeprefix("const ").removesuffix("*")
        same = wanted == "unsigned char" if value.dtype == bool else value.dtype == _dtype(wanted)
        assert isinstance(value, StrictArray), f"{value!r} for {kind}"
        assert same, f"{value.dtype} for {kind}"
        return ctypes.c_void_p(value.data.ptr)
    assert isinstance(value, np.generic), f"{type(value)} for {kind}: CuPy would pass 64 bits"
    assert value.dtype == CTYPES[kind], f"{value.dtype} for {kind}"
    return np.ctypeslib.as_ctypes_type(value.dtype)(value.item())


def _dtype(kind: str) -> Any:
    return np.uint8 if kind == "unsigned char" else CTYPES[kind]
