"""A group of elementwise operations as one CUDA kernel: a thread an element, what lies between in registers.

A thread reads its element of every operand before it writes one, so a result may lie in an operand's memory.
The compiler may join a product and a sum into one rounding, so results differ from NumPy's in the last bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from pipeline.engine import cuda
from pipeline.engine.fusion import Step
from pipeline.engine.kernels import Builder, Call, Site


def fused(site: Site) -> list[Call]:
    """Build the kernel of a fused instruction; operands and results may have any strides."""
    return [_kernel(site, site.params["steps"], site.params["kept"])]


def single(name: str) -> Builder:
    """Return the builder of one elementwise operation: a group of one."""

    def build(site: Site) -> list[Call]:
        operands = tuple(("in", place) for place in range(len(site.ins)))
        return [_kernel(site, (Step(name, operands, site.out.dtype.name),), (0,))]

    return build


def _kernel(site: Site, steps: Sequence[Step], kept: Sequence[int]) -> Call:
    shape, arrays = site.out.shape, [*site.ins, *site.outs]
    walk = cuda.Walk.over(shape, cuda.strides_of(site, len(shape)))
    found = cuda.located(walk)
    index, number = cuda.index_type(walk.reach)
    sizes = {"n": prod(shape), **found.sizes}
    first = len(site.ins)
    types = [cuda.CTYPES[array.dtype.name] for array in arrays]
    return cuda.kernel_call(
        site.xp,
        [
            *(f"const {one}* p{i}" for i, one in enumerate(types[:first])),
            *(f"{one}* o{i}" for i, one in enumerate(types[first:])),
            *(f"{index} {name}" for name in sizes),
        ],
        [
            f"typedef {index} I;",
            "const I i = (I)blockIdx.x * (I)blockDim.x + (I)threadIdx.x;",
            "if (i >= n) return;",
            *found.lines,
            *(f"const {types[i]} x{i} = p{i}[{found.places[i]}];" for i in range(first)),
            *(cuda.assigned(place, step) for place, step in enumerate(steps)),
            *(f"o{i}[{found.places[first + i]}] = t{place};" for i, place in enumerate(kept)),
        ],
        [*arrays, *map(number, sizes.values())],
        -(-sizes["n"] // cuda.THREADS),
    )
