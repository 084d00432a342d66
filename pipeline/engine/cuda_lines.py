"""Reductions along one axis, and the elementwise operations around them, as one CUDA kernel.

A *line* is all elements along the reduced axis at one place of the other axes.  Some threads of a block
share a line: they walk it once for each level of reductions (a softmax has two: its maximum, then its sum),
and compute the operations before a reduction again rather than store them.  What is constant along a line
(a maximum, the logarithm of a sum) is computed by each of its threads and written by the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod

from pipeline.engine import cuda
from pipeline.engine.fusion import Placed, Step
from pipeline.engine.graph import Params, Primitive, Spec
from pipeline.engine.kernels import Builder, Call, Site

COMBINED: Mapping[str, str] = {"sum": "add", "max": "maximum", "min": "minimum"}
ACROSS = 32  # neighbouring columns that a block takes together, so that its reads are neighbours
SHORT = 32  # elements of a line that one thread reduces alone
LONGEST = 4096  # elements of a line from which few lines would leave most of a GPU idle
FEW = 64


def _infer(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    raise NotImplementedError("lines are made from inferred instructions")


LINES = Primitive("lines", _infer)


def suits(lines: int, length: int) -> bool:
    """Return whether there are lines enough, for their length, to reduce each within one block."""
    return length <= LONGEST or lines >= FEW


def lines(site: Site) -> list[Call]:
    """Build the kernel of a group with reductions along `axis`; `shape` is a member's before they reduce."""
    return _Kernel(site, site.params["steps"], site.params["kept"], site.params).calls()


def single(name: str) -> Builder:
    """Return the builder of one reduction: a group of one, or CuPy's where few long lines want all blocks."""

    def build(site: Site) -> list[Call]:
        source, axis = site.ins[0], site.params["axis"]
        if source.dtype == bool or not suits(prod(site.out.shape), source.shape[axis]):
            keywords = {"axis": axis, "out": site.out, "keepdims": True}
            return [Call(getattr(site.xp, name), (source,), keywords)]
        step = Step(name, (("in", 0),), site.out.dtype.name)
        shape = source.shape[int(site.batched[0]) :]
        return _Kernel(site, (step,), (0,), {"shape": shape, "axis": axis, "constant": (True,)}).calls()

    return build


class _Kernel:
    """The kernel of a group at its place."""

    def __init__(self, site: Site, steps: Sequence[Step], kept: Sequence[int], params: Params):
        self.site, self.steps, self.kept = site, steps, kept
        self.constant: Sequence[bool] = params["constant"]  # whether each step has one value a line
        shape, axis = params["shape"], params["axis"]
        self.length = shape[axis]
        self.arrays = [*site.ins, *site.outs]
        self.types = [cuda.CTYPES[array.dtype.name] for array in self.arrays]
        whole = (*site.out.shape[:1], *shape) if any(site.batched) else shape
        strides = cuda.strides_of(site, len(whole))
        self.along = [row[axis] for row in strides]
        self.walk = cuda.Walk.over(_without(whole, axis), [_without(row, axis) for row in strides])
        self.found = cuda.located(self.walk)
        self.across, self.threads = _block(self.length, axis)

    def calls(self) -> list[Call]:
        """Return the kernel's call, none where there are no lines."""
        if self.walk.count == 0:
            return []
        reach = self.walk.reach + self.length * max(1, *map(abs, self.along))
        index, number = cuda.index_type(reach)
        first = len(self.site.ins)
        steps = {f"a{i}": stride for i, stride in enumerate(self.along) if stride not in (0, 1)}
        sizes = {"lines": self.walk.count, "K": self.length, **self.found.sizes, **steps}
        parameters = [
            *(f"const {one}* p{i}" for i, one in enumerate(self.types[:first])),
            *(f"{one}* o{i}" for i, one in enumerate(self.types[first:])),
            *(f"{index} {name}" for name in sizes),
        ]
        arguments = [*self.arrays, *map(number, sizes.values())]
        blocks = -(-self.walk.count // self.across)
        body = self._body(index)
        return [
            cuda.kernel_call(self.site.xp, parameters, body, arguments, blocks, self.across * self.threads)
        ]

    # When a step can be computed

    @cached_property
    def levels(self) -> list[int]:
        """After how many walks along its line each step can be computed."""
        found: list[int] = []
        for step in self.steps:
            level = max((found[i] for kind, i in step.operands if kind == "step"), default=0)
            found.append(level + (step.name in COMBINED))
        return found

    # Source

    def _body(self, index: str) -> list[str]:
        fixed = [i for i in range(len(self.site.ins)) if not self.along[i]]
        text = [
            f"typedef {index} I;",
            f"const int tx = threadIdx.x % {self.across}, ty = threadIdx.x / {self.across};",
            f"I i = (I)blockIdx.x * {self.across} + tx;",
            "const int live = i < lines;",
            "if (!live) i = lines - 1;  // it must come to the barriers, and writes nothing",
            *self.found.lines,
            *(self._loaded(i) for i in fixed),
            *self._constants(0),
        ]
        for level in range(max(self.levels) + 1):
            text += [*self._walked(level), *self._constants(level + 1)]
        return [*text, *(f"if (live && ty == 0) {one}" for one in self._stores(True))]

    def _loaded(self, place: int) -> str:
        return f"const {self.types[place]} x{place} = p{place}[{self._element(place)}];"

    def _element(self, place: int) -> str:
        stride = self.along[place]
        step = {0: "", 1: " + k"}.get(stride, f" + k * a{place}")
        return self.found.places[place] + step

    def _constants(self, level: int) -> list[str]:
        return [
            cuda.assigned(i, step)
            for i, step in enumerate(self.steps)
            if self.constant[i] and self.levels[i] == level and step.name not in COMBINED
        ]

    def _stores(self, constant: bool, level: int | None = None) -> list[str]:
        first = len(self.site.ins)
        return [
            f"o{i}[{self._element(first + i)}] = t{place};"
            for i, place in enumerate(self.kept)
            if self.constant[place] == constant and level in (None, self.levels[place])
        ]

    def _walked(self, level: int) -> list[str]:
        """Return the walk along a line that makes reductions and results of a level."""
        reductions = {
            i: step
            for i, step in enumerate(self.steps)
            if step.name in COMBINED and self.levels[i] == level + 1
        }
        results = [i for i in self.kept if not self.constant[i] and self.levels[i] == level]
        if not reductions and not results:
            return []
        steps, inputs = self._needed(
            [("step", i) for i in results] + [s.operands[0] for s in reductions.values()]
        )
        return [
            *(f"{cuda.CTYPES[step.dtype]} t{i} = 0;" for i, step in reductions.items()),
            f"for (I k = ty; k < K; k += {self.threads}) {{",
            *(f"    {self._loaded(i)}" for i in inputs),
            *(f"    {cuda.assigned(i, self.steps[i])}" for i in steps),
            *(
                f"    t{i} = k == ty ? {_name(s.operands[0])} : {_met(s, f't{i}', _name(s.operands[0]))};"
                for i, s in reductions.items()
            ),
            *(f"    if (live) {one}" for one in self._stores(False, level)),
            "}",
            *(line for i, step in reductions.items() if self.threads > 1 for line in self._gathered(i, step)),
        ]

    def _needed(self, wanted: Sequence[Placed]) -> tuple[list[int], list[int]]:
        """Return the steps and inputs, not constant along a line, that `wanted` are computed from."""
        steps: set[int] = set()
        inputs: set[int] = set()
        waiting = list(wanted)
        while waiting:
            kind, place = waiting.pop()
            if kind == "in" and self.along[place]:
                inputs.add(place)
            elif kind == "step" and not self.constant[place] and place not in steps:
                steps.add(place)
                waiting += self.steps[place].operands
        return sorted(steps), sorted(inputs)

    def _gathered(self, place: int, step: Step) -> list[str]:
        """Return how the threads of a line join what each of them has reduced."""
        own, other = f"s{place}[threadIdx.x]", f"s{place}[threadIdx.x + h * {self.across}]"
        return [
            f"__shared__ {cuda.CTYPES[step.dtype]} s{place}[{self.across * self.threads}];",
            f"{own} = t{place};",
            "__syncthreads();",
            f"for (int h = {self.threads // 2}; h > 0; h /= 2) {{",
            f"    if (ty < h && ty + h < K) {own} = {_met(step, own, other)};",
            "    __syncthreads();",
            "}",
            f"t{place} = s{place}[tx];",
        ]


def _without(items: Sequence[int], axis: int) -> list[int]:
    rest = list(items)
    del rest[axis]
    return rest


def _block(length: int, axis: int) -> tuple[int, int]:
    """Return how many lines a block takes, and how many threads share a line (a power of two)."""
    if length <= SHORT:
        return cuda.THREADS, 1
    across = 1 if axis == -1 else ACROSS
    return across, min(cuda.THREADS // across, 1 << (length - 1).bit_length())


def _name(operand: Placed) -> str:
    return f"{'x' if operand[0] == 'in' else 't'}{operand[1]}"


def _met(step: Step, a: str, b: str) -> str:
    return cuda.expression(COMBINED[step.name], step.dtype, (a, b))
