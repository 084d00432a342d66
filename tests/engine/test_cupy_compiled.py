"""NVRTC, which needs no GPU, compiles every kernel that plait generates for the catalogue of graphs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import strict_kernels
from graphs import CASES, trace
from strict import stand_in_only, strict, strict_backend

from pipeline.engine import cuda, cuda_random
from pipeline.engine.cupy_kernels import CUPY_KERNELS
from pipeline.engine.kernels import Site
from pipeline.engine.passes import ALL

nvrtc = pytest.importorskip("cupy").cuda.nvrtc
pytest.importorskip("nvidia.cu13", reason="NVRTC is not installed")
pytestmark = stand_in_only
COMPARISONS = "equal not_equal less less_equal greater greater_equal logical_and logical_or".split()


def compiled(sources, architecture="sm_90"):
    """Compile kernels, as CuPy would, into one binary, or PTX for a virtual architecture (that is faster)."""
    program = nvrtc.createProgram("\n".join(sources), "kernels.cu", [], [])
    try:
        nvrtc.compileProgram(program, [f"--gpu-architecture={architecture}", "-std=c++17"])
        return nvrtc.getCUBIN(program) if architecture.startswith("sm") else nvrtc.getPTX(program)
    except nvrtc.NVRTCError as error:
        raise AssertionError(nvrtc.getProgramLog(program)) from error
    finally:
        nvrtc.destroyProgram(program)


@pytest.fixture
def sources(monkeypatch):
    """The kernels that a test makes, by name."""
    monkeypatch.setattr(strict_kernels, "COMPILER", strict_kernels.Compiler())
    return strict_kernels.COMPILER.sources


def operands(name):
    return sum(f"{{{place}}}" in cuda.EXPRESSIONS[name] for place in range(3))


def bind_operations():
    """Bind every operation on each type of number, on arrays in order and on strided ones."""
    for name, dtype in ((name, dtype) for name in cuda.EXPRESSIONS for dtype in ("float32", "float64")):
        boolean = name in COMPARISONS or name in ("logical_not", "isfinite")
        for strided in (False, True):
            arrays = [strict.zeros((4, 6), dtype)[:, :: 2 if strided else 1] for _ in range(operands(name))]
            if name == "where":
                arrays[0] = strict.zeros(arrays[0].shape, bool)
            out = strict.zeros(arrays[0].shape, bool if boolean else dtype)
            CUPY_KERNELS[name](Site(strict, {}, arrays, [out], [False] * len(arrays), np.empty))


def bind_catalogue():
    for case in CASES.values():
        program = trace(case, "float32")
        program.bind(3, program.inputs.keys(), strict_backend(), ALL)


def test_kernels_of_every_operation_compile(sources):
    bind_operations()
    assert len(sources) > 2 * len(cuda.EXPRESSIONS)
    assert compiled(sources.values())


def test_kernels_of_the_catalogue_compile(sources):
    bind_catalogue()
    assert any("__syncthreads" in source for source in sources.values())
    assert compiled(sources.values(), "compute_90")


def test_kernels_of_random_numbers_compile(sources):
    for kind, dtype in product(("uniform", "normal"), ("float32", "float64")):
        cuda_random.draw(strict, kind, strict.zeros((2, 5), dtype), strict.zeros(2, np.int64))
    assert len(sources) == 4
    assert compiled(sources.values())


def test_a_kernel_that_is_wrong_is_refused():
    with pytest.raises(AssertionError, match="undefined"):
        compiled(['extern "C" __global__ void wrong(int n) { n = missing; }'])
