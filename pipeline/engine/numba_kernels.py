"""Fused kernels for the CPU, compiled by numba (extra `fast`) and cached on disk.

A kernel walks members, rows and columns.  An operand is a vector along the columns or a scalar; where its
next row and member lie are numbers given to the kernel, so one compilation serves all shapes.  The inner
loop is a function of contiguous vectors, which is what lets LLVM use vector instructions.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.engine.fusion import Step
from pipeline.engine.kernels import Array, Call, Site, in_order, same_memory

TEMPLATES = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "square": "{0} * {0}",
    "sqrt": "np.sqrt({0})",
    "reciprocal": "one / {0}",
}


@dataclass(frozen=True)
class Operand:
    """An array as a kernel walks it: a flat view, the distance of members and rows in elements, a vector?"""

    flat: Array
    member: int
    row: int
    vector: bool


def available() -> bool:
    """Return whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def fused(site: Site) -> list[Call]:
    """Build the calls of a fused instruction: copies of operands that no kernel can walk, then the kernel."""
    form = site.outs[0].shape
    batched = len(form) > 1 and any(site.batched)
    members, inner = (form[0], form[1:]) if batched else (1, form)
    rows, columns = _rows_and_columns(site, members, inner, batched)
    calls, operands = [], []
    for array in site.ins:
        operand = walk(array, members, rows, columns, batched)
        if operand is None:
            copy = site.scratch(form, array.dtype)
            calls.append(Call(np.copyto, (copy, array)))
            operand = walk(copy, members, rows, columns, batched)
        operands.append(operand)
    results = [walk(array, members, rows, columns, batched) for array in site.outs]
    return [*calls, _kernel_call(site, operands, results, (members, rows, columns))]


def _rows_and_columns(site: Site, members: int, inner: tuple[int, ...], batched: bool) -> tuple[int, int]:
    """Return one long row where all operands are in order or scalars, else rows along the last axis."""
    flat = (1, prod(inner))
    arrays = (*site.ins, *site.outs)
    if all(walk(array, members, *flat, batched) is not None for array in arrays):
        return flat
    return prod(inner[:-1]), inner[-1]


def walk(array: Array, members: int, rows: int, columns: int, batched: bool) -> Operand | None:
    """Return how a kernel walks `array` over (members, rows, columns), or None if it cannot."""
    has_members = batched and array.shape[:1] == (members,) and array.ndim > 1
    own = array.shape[1:] if has_members else array.shape
    member = array.strides[0] // array.itemsize if has_members and members > 1 else 0
    count = prod(own)
    if count == 1:
        return Operand(_flat(array), member, 0, vector=columns == 1)
    if not in_order(array, has_members):
        return None
    if count == rows * columns:
        return Operand(_flat(array), member, columns, vector=True)
    if own[-1] == columns and count == columns:
        return Operand(_flat(array), member, 0, vector=True)
    if own[-1] == 1 and count == rows:
        return Operand(_flat(array), member, 1, vector=False)
    return None


def _flat(array: Array) -> Array:
    """Return the memory from an array's first to its last element as one vector."""
    last = sum((n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True))
    return np.lib.stride_tricks.as_strided(array, (last // array.itemsize + 1,), (array.itemsize,))


def _kernel_call(
    site: Site, operands: Sequence[Any], results: Sequence[Any], sizes: tuple[int, int, int]
) -> Call:
    # a result in an operand's memory is the operand itself to the kernel, or LLVM would fear an overlap
    places = []
    arguments = list(operands)
    for array, result in zip(site.outs, results, strict=True):
        same = [i for i, x in enumerate(site.ins) if same_memory(np, x, array) and operands[i].vector]
        places.append(same[0] if same else len(arguments))
        if not same:
            arguments.append(result)
    vectors = tuple(one.vector for one in arguments)
    text = source(site.params["steps"], site.params["kept"], vectors, tuple(places))
    distances = np.array([(one.member, one.row) for one in arguments], dtype=np.int64).reshape(-1)
    one = site.outs[0].dtype.type(1)
    return Call(compiled(text), (*sizes, distances, one, *(each.flat for each in arguments)))


def source(steps: Sequence[Step], kept: Sequence[int], vectors: Sequence[bool], places: Sequence[int]) -> str:
    """Return the Python source of a kernel; argument `places[i]` receives the step `kept[i]`."""
    names = [f"a{i}" for i in range(len(vectors))]
    ins = {x for step in steps for kind, x in step.operands if kind == "in"}
    loads = [f"        x{i} = a{i}[c]" if vectors[i] else f"        x{i} = a{i}" for i in sorted(ins)]
    body = [f"        t{i} = {_expression(step)}" for i, step in enumerate(steps)]
    stores = [f"        a{place}[c] = t{step}" for place, step in zip(places, kept, strict=True)]
    cuts = [
        f"            a{i}[i * d[{2 * i}] + r * d[{2 * i + 1}]"
        + (f" : i * d[{2 * i}] + r * d[{2 * i + 1}] + columns]," if vectors[i] else "],")
        for i in range(len(vectors))
    ]
    return "\n".join(
        [
            "import numba",
            "import numpy as np",
            "",
            "",
            '@numba.njit(error_model="numpy", cache=True)',
            f"def inner(n, one, {', '.join(names)}):",
            "    for c in range(n):",
            *loads,
            *body,
            *stores,
            "",
            "",
            '@numba.njit(error_model="numpy", cache=True)',
            f"def kernel(members, rows, columns, d, one, {', '.join(names)}):",
            "    for i in range(members):",
            "        for r in range(rows):",
            "            inner(columns, one,",
            *cuts,
            "            )",
            "",
        ]
    )


def _expression(step: Step) -> str:
    operands = [f"x{place}" if kind == "in" else f"t{place}" for kind, place in step.operands]
    return TEMPLATES[step.name].format(*operands)


@cache
def compiled(text: str) -> Callable[..., None]:
    """Return the kernel of a source text, which lies in the kernel folder so that numba can cache it."""
    name = f"plait_kernel_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    path = _written(folder() / f"{name}.py", text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # numba finds a cached kernel's module by its name
    spec.loader.exec_module(module)
    return module.kernel  # type: ignore[no-any-return]


def folder() -> Path:
    """Return where kernels lie: PLAIT_KERNELS, or plait/kernels in the user's cache folder."""
    if "PLAIT_KERNELS" in os.environ:
        return Path(os.environ["PLAIT_KERNELS"])
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "plait" / "kernels"


def _written(path: Path, text: str) -> Path:
    """Write a source once, whole or not at all; elsewhere if the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".py", delete=False) as file:
                file.write(text)
            Path(file.name).replace(path)
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="plait-kernels-")) / path.name
        path.write_text(text)
    return path
