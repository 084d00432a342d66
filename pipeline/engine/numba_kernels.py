"""Fused kernels for the CPU, compiled by numba (extra `fast`) and cached on disk: how they are called."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.engine.fusion import Step
from pipeline.engine.kernels import Array, Call, Site, in_order, same_memory
from pipeline.engine.numba_source import source, temporaries


@dataclass(frozen=True)
class Operand:
    """An array as a kernel walks it: a flat view, the distance of members and rows in elements, a vector?"""

    flat: Array
    member: int
    row: int
    vector: bool


@dataclass(frozen=True)
class Walk:
    """What a kernel goes through: members, rows, columns."""

    members: int
    rows: int
    columns: int

    def operand(self, array: Array, batched: bool) -> Operand | None:
        """Return how the kernel walks an array, or None if it cannot."""
        own = array.shape[1:] if batched else array.shape
        member = array.strides[0] // array.itemsize if batched and self.members > 1 else 0
        count = prod(own)
        if count == 1:
            return Operand(_flat(array), member, 0, vector=self.columns == 1)
        if count == self.rows * self.columns and in_order(array, batched):
            return Operand(_flat(array), member, self.columns, vector=True)
        row = _between_rows(array, batched)
        if row is None:
            return None
        if own[-1] == self.columns and count in (self.columns, self.rows * self.columns):
            return Operand(_flat(array), member, row if count > self.columns else 0, vector=True)
        if own[-1] == 1 and count == self.rows:
            return Operand(_flat(array), member, row, vector=False)
        return None


def _between_rows(array: Array, batched: bool) -> int | None:
    """Return how many elements a member's rows lie apart, all alike, their own elements side by side."""
    axes = list(zip(array.shape, array.strides, strict=True))[int(batched) :]
    (columns, within), rows = axes[-1], [axis for axis in axes[:-1] if axis[0] != 1]
    between = rows[-1][1] if rows else 0
    expected = between
    for length, stride in reversed(rows):
        if stride != expected:
            return None
        expected *= length
    if between < 0 or not (columns == 1 or within == array.itemsize):
        return None
    return int(between // array.itemsize)


def available() -> bool:
    """Return whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def fused(site: Site) -> list[Call]:
    """Build the calls of a fused instruction: copies of operands that no kernel can walk, then the kernel."""
    shape, batched = site.params["shape"], any(site.batched)
    walk = _walk(site, shape, batched)
    calls, operands = [], []
    for array, own in zip(site.ins, site.batched, strict=True):
        operand = walk.operand(array, own)
        if operand is None:
            copy = site.scratch((walk.members, *shape) if batched else shape, array.dtype)
            calls.append(Call(np.copyto, (copy, array)))
            operand = _walked(walk, copy, batched)
        operands.append(operand)
    outs, after = [], []
    for array in site.outs:
        if walk.operand(array, batched) is None:  # a part of a concatenation, not in order
            outs.append(site.scratch(array.shape, array.dtype))
            after.append(Call(np.copyto, (array, outs[-1])))
        else:
            outs.append(array)
    return [*calls, _kernel_call(replace(site, outs=outs), operands, walk), *after]


def _walk(site: Site, shape: tuple[int, ...], batched: bool) -> Walk:
    """Return one long row where all is in order or a single number, else rows along the last axis."""
    members = site.outs[0].shape[0] if batched else 1
    flat = Walk(members, 1, prod(shape))
    outs = all(
        array.shape[int(batched) :] == shape and flat.operand(array, batched) is not None
        for array in site.outs
    )
    ins = all(flat.operand(x, own) is not None for x, own in zip(site.ins, site.batched, strict=True))
    if outs and ins and not _reduces(site.params["steps"]):
        return flat
    return Walk(members, prod(shape[:-1]), shape[-1])


def _reduces(steps: Sequence[Step]) -> bool:
    return any(step.name in ("sum", "max", "min", "column_sum") for step in steps)


def _walked(walk: Walk, array: Array, batched: bool) -> Operand:
    """Return how the kernel walks an array that lies in order."""
    operand = walk.operand(array, batched)
    if operand is None:
        raise ValueError(f"a kernel over {walk} cannot walk an array of shape {array.shape}")
    return operand


def _flat(array: Array) -> Array:
    """Return the memory from an array's first to its last element as one vector."""
    last = sum((n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True))
    return np.lib.stride_tricks.as_strided(array, (last // array.itemsize + 1,), (array.itemsize,))


def _kernel_call(site: Site, operands: Sequence[Operand], walk: Walk) -> Call:
    # a result in an operand's memory is the operand itself to the kernel, or LLVM would fear an overlap
    places = []
    arguments = list(operands)
    for array in site.outs:
        same = [i for i, x in enumerate(site.ins) if same_memory(np, x, array) and operands[i].vector]
        places.append(same[0] if same else len(arguments))
        if not same:
            arguments.append(_walked(walk, array, any(site.batched)))
    steps: Sequence[Step] = site.params["steps"]
    vectors = tuple(one.vector for one in arguments)
    text = source(steps, site.params["kept"], vectors, tuple(places))
    rows = [site.scratch((walk.columns,), steps[i].dtype) for i in temporaries(steps, vectors)]
    distances = np.array([(one.member, one.row) for one in arguments], dtype=np.int64).reshape(-1)
    numbers = _numbers(next((step.dtype for step in steps if step.dtype.startswith("float")), "float64"))
    sizes = (walk.members, walk.rows, walk.columns)
    return Call(compiled(text), (*sizes, distances, *numbers, *(each.flat for each in arguments), *rows))


def _numbers(dtype: str) -> tuple[Any, Any, Any]:
    """Return 0, 1, and the zero that NumPy's sums start from: -0 in versions that keep the sign of -0."""
    kind = np.dtype(dtype).type
    return kind(0), kind(1), np.add.reduce(np.array([-0.0], dtype=dtype))


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


def waits(function: Callable[..., Any]) -> bool:
    """Return whether a call's function is a kernel that no process has compiled yet."""
    if not hasattr(function, "py_func") or function.overloads:  # type: ignore[attr-defined]
        return False
    return not any((folder() / "__pycache__").glob(f"{function.__module__}.kernel-*.nbi"))


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
