"""CUDA source for what happens to elements: types, expressions, and where the elements of arrays lie.

Shapes and strides are arguments of a kernel; only its structure (how many axes are left when neighbours are
joined, which strides are 0 or 1) is in the source, so that one compilation serves all sizes.  The same
text compiles as C with the few CUDA words defined away, which is how it is run in tests on machines
without a GPU.  CuPy compiles a source once in a process and keeps it on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.engine.fusion import Step
from pipeline.engine.kernels import Array, Call, Site

THREADS = 256  # threads in a block

CTYPES: Mapping[str, str] = {
    "float32": "float",
    "float64": "double",
    "int64": "long long",
    "int32": "int",
    "uint8": "unsigned char",
    "bool": "unsigned char",
}

# {0}, {1}, {2} are the operands, {T} the result's type, {f} the suffix of functions of single floats
EXPRESSIONS: Mapping[str, str] = {
    "negative": "-{0}",
    "exp": "exp{f}({0})",
    "expm1": "expm1{f}({0})",
    "log": "log{f}({0})",
    "log1p": "log1p{f}({0})",
    "sqrt": "sqrt{f}({0})",
    "square": "{0} * {0}",
    "reciprocal": "({T})1 / {0}",
    "abs": "{0} < 0 ? -{0} : {0}",
    "sign": "({T})(({0} > 0) - ({0} < 0))",
    "sin": "sin{f}({0})",
    "cos": "cos{f}({0})",
    "tanh": "tanh{f}({0})",
    "sigmoid": "({T})1 / (({T})1 + exp{f}(-{0}))",
    "softplus": "({0} > 0 ? {0} : ({T})0) + log1p{f}(exp{f}({0} > 0 ? -{0} : {0}))",
    "relu": "{0} > 0 ? {0} : ({0} == {0} ? ({T})0 : {0})",
    "erf": "erf{f}({0})",
    "floor": "floor{f}({0})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "pow{f}({0}, {1})",
    # a comparison with NaN is false: the operand that is NaN is passed on, as NumPy does
    "maximum": "{0} > {1} ? {0} : ({0} == {0} ? {1} : {0})",
    "minimum": "{0} < {1} ? {0} : ({0} == {0} ? {1} : {0})",
    "gate": "{1} > 0 ? {0} : ({T})0",
    "where": "{0} ? {1} : {2}",
    "cast": "({T}){0}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "logical_and": "{0} && {1}",
    "logical_or": "{0} || {1}",
    "logical_not": "!{0}",
    "isfinite": "{0} - {0} == 0",
}


def expression(name: str, dtype: str, operands: Sequence[str]) -> str:
    """Return the C expression of an operation with a result of `dtype`."""
    if name == "cast" and dtype == "bool":
        return f"{operands[0]} != 0"
    return EXPRESSIONS[name].format(*operands, T=CTYPES[dtype], f="f" if dtype == "float32" else "")


def assigned(place: int, step: Step) -> str:
    """Return the line that computes step `place`: `t3 = x0 + t2`."""
    names = [f"x{i}" if kind == "in" else f"t{i}" for kind, i in step.operands]
    return f"const {CTYPES[step.dtype]} t{place} = {expression(step.name, step.dtype, names)};"


@dataclass(frozen=True)
class Walk:
    """How a flat number i finds the elements of arrays over a common shape.

    `lengths` are those of the axes that are left when neighbours are joined; `strides` has one row for
    each array, in elements, 0 along stretched axes.
    """

    lengths: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]

    @classmethod
    def over(cls, shape: Sequence[int], rows: Sequence[Sequence[int]]) -> Walk:
        """Join neighbouring axes of `shape` wherever all `rows` of strides run on across them."""
        lengths: list[int] = []
        columns: list[list[int]] = []
        for axis, length in enumerate(shape):
            if length == 1:
                continue
            column = [row[axis] for row in rows]
            if columns and all(a == b * length for a, b in zip(columns[-1], column, strict=True)):
                lengths[-1] *= length
                columns[-1] = column
            else:
                lengths.append(length)
                columns.append(column)
        return cls(tuple(lengths), tuple(zip(*columns, strict=True)) if columns else ((),) * len(rows))

    @property
    def count(self) -> int:
        """How many elements there are to walk over."""
        return prod(self.lengths)

    @property
    def reach(self) -> int:
        """The largest number that a kernel meets on the walk, in elements."""
        rows = [sum((n - 1) * abs(s) for n, s in zip(self.lengths, row, strict=True)) for row in self.strides]
        return max([self.count, *rows])


@dataclass(frozen=True)
class Places:
    """The C text that finds elements: `sizes` to be given to the kernel, `lines`, a place an array."""

    sizes: Mapping[str, int]
    lines: tuple[str, ...]
    places: tuple[str, ...]


def located(walk: Walk) -> Places:
    """Return how to take the number `i` apart, and where the element of each array is then."""
    values: dict[str, int] = {}
    lines = []
    count = len(walk.lengths)
    whole = "i"
    for axis in range(count - 1, 0, -1):
        rest = f"r{axis - 1}" if axis > 1 else "i0"
        values[f"n{axis}"] = walk.lengths[axis]
        lines += [f"const I i{axis} = {whole} % n{axis};", f"const I {rest} = {whole} / n{axis};"]
        whole = rest
    indices = ["i"] if count == 1 else [f"i{axis}" for axis in range(count)]
    names: dict[tuple[int, ...], str] = {}
    for row in walk.strides:
        if row not in names:
            names[row] = _place(row, indices, len(names), values)
    return Places(values, tuple(lines), tuple(names[row] for row in walk.strides))


def _place(row: Sequence[int], indices: Sequence[str], number: int, values: dict[str, int]) -> str:
    terms = []
    for axis, (stride, index) in enumerate(zip(row, indices, strict=True)):
        if stride in (0, 1):
            terms += [index] * stride
        else:
            values[f"s{number}_{axis}"] = stride
            terms.append(f"{index} * s{number}_{axis}")
    return " + ".join(terms) or "0"


def element_strides(array: Array, rank: int, batched: bool) -> list[int]:
    """Return an array's strides in elements over `rank` axes, the first of them the members' if `batched`.

    They are 0 along axes that are stretched or missing.
    """
    own = [
        0 if length == 1 else stride // array.itemsize
        for length, stride in zip(array.shape, array.strides, strict=True)
    ]
    lead = int(batched)
    return [*own[:lead], *[0] * (rank - array.ndim), *own[lead:]]


def strides_of(site: Site, rank: int) -> list[list[int]]:
    """Return the strides of all operands, then of all results, over the axes of the largest of them."""
    members = any(site.batched)
    found = [element_strides(x, rank, own) for x, own in zip(site.ins, site.batched, strict=True)]
    return [*found, *(element_strides(x, rank, members) for x in site.outs)]


def index_type(reach: int) -> tuple[str, type[np.signedinteger[Any]]]:
    """Return the types, in C and in NumPy, of indices up to `reach`: 32 bits where they do, being faster."""
    return ("int", np.int32) if reach < 2**31 - 2**20 else ("long long", np.int64)


def kernel_call(
    xp: ModuleType,
    parameters: Sequence[str],
    body: Sequence[str],
    arguments: Sequence[Any],
    blocks: int,
    threads: int = THREADS,
) -> Call:
    """Return the call of the kernel with that body; its name tells its text, so that names never clash."""
    text = f"({', '.join(parameters)}) {{\n" + "\n".join(f"    {line}" for line in body) + "\n}\n"
    name = f"plait_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    kernel = xp.RawKernel(f'extern "C" __global__ void {name}{text}', name)
    return Call(kernel, ((max(1, blocks),), (threads,), tuple(arguments)))
