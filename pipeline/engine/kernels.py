"""How each primitive runs on arrays: a table of builders, made for NumPy and taken over by CuPy.

A builder gets the arrays that an instruction reads and writes (allocated once, before any run) and
returns the calls that a run replays.  Batched arrays have a leading member
axis; every kernel treats it as the outermost loop, so that members never meet in one sum.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from pipeline.engine.graph import Params, Primitive, Spec

Array = Any  # an array of the backend's module


class Call(NamedTuple):
    """One call that a run replays."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Site:
    """An instruction where it runs: array module, parameters, operand and result arrays, their batching.

    `scratch(shape, dtype)` gives memory for the time of the instruction, `nest(program, batched, arrays)`
    binds an inner program on the same members, with `arrays` for some of its inputs.
    """

    xp: ModuleType
    params: Params
    ins: Sequence[Array]
    outs: Sequence[Array]
    batched: Sequence[bool]
    scratch: Callable[[tuple[int, ...], Any], Array]
    nest: Callable[..., Any] | None = None

    @property
    def out(self) -> Array:
        """The only result."""
        return self.outs[0]


Builder = Callable[[Site], list[Call]]


def _each(function: Callable[..., Any], out: Array, *arguments: Any) -> Call:
    """Return the call of a ufunc that writes `out`."""
    return Call(function, arguments, {"out": out})


def _ufunc(name: str) -> Builder:
    return lambda site: [_each(getattr(site.xp, name), site.out, *site.ins)]


def _ordered(build: Callable[[Site], list[Call]]) -> Builder:
    """Give a builder operands whose members lie in order, copied where they do not.

    NumPy rounds some functions, and orders sums, by how memory lies and how long its inner loop is; with
    every member in order neither depends on the number of members.
    """

    def ordered(site: Site) -> list[Call]:
        copies, ins = [], []
        for array, batched in zip(site.ins, site.batched, strict=True):
            if not in_order(array, batched):
                copy = site.scratch(array.shape, array.dtype)
                copies.append(_copy(site.xp, copy, array))
                array = copy
            ins.append(array)
        return [*copies, *build(replace(site, ins=ins))]

    return ordered


def in_order(array: Array, batched: bool) -> bool:
    """Return whether each member's elements lie side by side in order; members may lie apart."""
    expected = array.itemsize
    for length, stride in reversed(list(zip(array.shape, array.strides, strict=True))[int(batched) :]):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def _matmul(site: Site) -> list[Call]:
    return [Call(site.xp.matmul, tuple(site.ins), {"out": site.out})]


def _sigmoid(site: Site) -> list[Call]:
    """1/(1 + e⁻ˣ): e⁻ˣ may overflow to infinity, whose reciprocal is the right 0.

    -x is exact wherever x lies, so that x need not lie in order; e⁻ˣ is computed where it does.
    """
    xp, out, after = site.xp, site.out, []
    if not in_order(out, any(site.batched)):
        out = site.scratch(out.shape, out.dtype)
        after = [_copy(xp, site.out, out)]
    one = out.dtype.type(1)
    return [
        _each(xp.negative, out, site.ins[0]),
        _each(xp.exp, out, out),
        _each(xp.add, out, out, one),
        _each(xp.reciprocal, out, out),
        *after,
    ]


def _softplus(site: Site) -> list[Call]:
    return [_each(site.xp.logaddexp, site.out, site.ins[0], site.out.dtype.type(0))]


def _relu(site: Site) -> list[Call]:
    return [_each(site.xp.maximum, site.out, site.ins[0], site.out.dtype.type(0))]


def _gate(site: Site) -> list[Call]:
    """g where y is positive, else 0: the derivative of relu in one mask and one product."""
    g, y = site.ins
    mask = site.scratch(y.shape, np.bool_)
    return [_each(site.xp.greater, mask, y, y.dtype.type(0)), _each(site.xp.multiply, site.out, g, mask)]


def _erf(site: Site) -> list[Call]:
    home = "scipy.special" if site.xp is np else "cupyx.scipy.special"
    return [_each(importlib.import_module(home).erf, site.out, site.ins[0])]


def _copy(xp: ModuleType, out: Array, value: Array) -> Call:
    return Call(xp.copyto, (out, value))


def _where(site: Site) -> list[Call]:
    condition, a, b = site.ins
    return [Call(_select, (site.xp, site.out, condition, a, b))]


def _select(xp: ModuleType, out: Array, condition: Array, a: Array, b: Array) -> None:
    xp.copyto(out, b)
    xp.copyto(out, a, where=condition)


def _cast(site: Site) -> list[Call]:
    return [Call(site.xp.copyto, (site.out, site.ins[0], "unsafe"))]


def _reduce_ufunc(name: str) -> Builder:
    def build(site: Site) -> list[Call]:
        reduce = getattr(site.xp, name).reduce
        return [Call(reduce, (site.ins[0], site.params["axis"], None, site.out, True))]

    return build


def _extreme(name: str) -> Builder:
    """Reduce to the largest or smallest; of +0 and -0 vector units find either, so a zero is made +0."""

    def build(site: Site) -> list[Call]:
        calls = _reduce_ufunc(name)(site)
        if site.out.dtype.kind != "f":
            return calls
        return [*calls, _each(site.xp.add, site.out, site.out, site.out.dtype.type(0))]

    return build


def _arg(name: str) -> Builder:
    def build(site: Site) -> list[Call]:
        axis = site.params["axis"]
        flat = site.xp.squeeze(site.out, axis)
        return [Call(getattr(site.xp, name), (site.ins[0], axis), {"out": flat})]

    return build


def _cumsum(site: Site) -> list[Call]:
    return [Call(site.xp.cumsum, (site.ins[0], site.params["axis"]), {"out": site.out})]


def _unslice(site: Site) -> list[Call]:
    target = cut(site.out, site.params["slices"])
    zero = site.out.dtype.type(0)
    return [Call(site.out.fill, (zero,)), _copy(site.xp, target, site.ins[0])]


def _concatenate(site: Site) -> list[Call]:
    """Copy what does not stand in its place already; operands placed by the plan need no copy."""
    calls = []
    for operand, place in zip(site.ins, places(site.out, site.params, site.ins), strict=True):
        if not same_memory(site.xp, operand, place):
            calls.append(_copy(site.xp, place, operand))
    return calls


def places(out: Array, params: Params, operands: Sequence[Any]) -> list[Array]:
    """Return the part of a concatenation's result that each operand fills."""
    axis, start, found = params["axis"], 0, []
    for operand in operands:
        stop = start + operand.shape[axis]
        key = (slice(None),) * (out.ndim + axis) + (slice(start, stop),)
        found.append(out[key])
        start = stop
    return found


def _take(site: Site) -> list[Call]:
    """Gather rows, from one table or from each member's."""
    table, indices = site.ins
    if not site.batched[0]:
        return [_take_call(site.xp, table, indices, 0, site.out)]
    if not site.batched[1]:
        return [_take_call(site.xp, table, indices, 1, site.out)]
    return [_take_call(site.xp, table[m], indices[m], 0, site.out[m]) for m in range(table.shape[0])]


def _take_call(xp: ModuleType, table: Array, indices: Array, axis: int, out: Array) -> Call:
    # clip lets NumPy write into `out` without a buffer in between; CuPy knows no mode
    mode = {"mode": "clip"} if xp is np else {}
    return Call(xp.take, (table, indices, axis), {"out": out, **mode})


def _scatter_add(site: Site) -> list[Call]:
    xp, (indices, updates), out = site.xp, site.ins, site.out
    zero = Call(out.fill, (out.dtype.type(0),))
    if not any(site.batched):
        return [zero, Call(xp.add.at, (out, indices, updates))]
    pick = [(lambda a, m, own=own: a[m] if own else a) for own in site.batched]
    each = [Call(xp.add.at, (out[m], pick[0](indices, m), pick[1](updates, m))) for m in range(out.shape[0])]
    return [zero, *each]


def _fold(site: Site) -> list[Call]:
    """Add each window element back to where it came from: one strided addition an element of the window."""
    xp, out, windowed = site.xp, site.out, site.ins[0]
    calls = [Call(out.fill, (out.dtype.type(0),))]
    for offset in np.ndindex(*site.params["sizes"]):
        target = out[_window_key(out.ndim, site.params, windowed.shape, offset)]
        calls.append(Call(xp.add, (target, windowed[(..., *offset)]), {"out": target}))
    return calls


def _window_key(
    rank: int, params: Params, windowed: tuple[int, ...], offset: Sequence[int]
) -> tuple[slice, ...]:
    key = [slice(None)] * rank
    count = len(params["axes"])
    for axis, start, stride in zip(params["axes"], offset, params["strides"], strict=True):
        steps = windowed[axis - count]
        key[axis] = slice(start, start + (steps - 1) * stride + 1, stride)
    return tuple(key)


def _scan(site: Site) -> list[Call]:
    """Bind the body once; a run replays it for each step."""
    from pipeline.engine.recurrence import recurrence

    return recurrence(site)


def _convolution(name: str) -> Builder:
    def build(site: Site) -> list[Call]:
        from pipeline.engine import convolution_kernels

        return getattr(convolution_kernels, name)(site)  # type: ignore[no-any-return]

    return build


def _pooling(name: str) -> Builder:
    def build(site: Site) -> list[Call]:
        from pipeline.engine import pooling_kernels

        return getattr(pooling_kernels, name)(site)  # type: ignore[no-any-return]

    return build


EXACT = (
    "negative sqrt square reciprocal sign floor add subtract multiply divide maximum minimum "
    "equal not_equal less less_equal greater greater_equal isfinite logical_and logical_or logical_not"
).split()  # rounded correctly, or not at all: the same wherever an element lies
ROUNDED = "exp expm1 log log1p sin cos tanh power".split()

KERNELS: Mapping[str, Builder] = {
    **{name: _ufunc(name) for name in EXACT},
    **{name: _ordered(_ufunc(name)) for name in ROUNDED},
    "matmul": _matmul,
    "abs": _ufunc("absolute"),
    "sigmoid": _sigmoid,
    "softplus": _ordered(_softplus),
    "relu": _relu,
    "gate": _gate,
    "erf": _ordered(_erf),
    "where": _where,
    "cast": _cast,
    "sum": _ordered(_reduce_ufunc("add")),
    "max": _ordered(_extreme("maximum")),
    "min": _ordered(_extreme("minimum")),
    "argmax": _arg("argmax"),
    "argmin": _arg("argmin"),
    "cumsum": _ordered(_cumsum),
    "unslice": _unslice,
    "concatenate": _concatenate,
    "take": _take,
    "scatter_add": _scatter_add,
    "fold": _fold,
    "convolve": _convolution("convolve"),
    "convolve_weights": _convolution("convolve_weights"),
    **{name: _pooling(name) for name in ("pool", "unpool", "pool_like")},
    "scan": _scan,
}


# Views: an operand seen in another way, made once


def cut(array: Array, slices: Sequence[tuple[int, int, int]]) -> Array:
    """Return the view of `array` cut by (start, count, step) triples over its last axes."""
    key = []
    for start, count, step in slices:
        stop = start + count * step
        key.append(slice(start, None if stop < 0 else stop, step))
    return array[(..., *key)]


def _view_reshape(xp: ModuleType, array: Array, params: Params, lead: tuple[int, ...]) -> Array:
    return xp.reshape(array, lead + params["shape"])


def _view_transpose(xp: ModuleType, array: Array, params: Params, lead: tuple[int, ...]) -> Array:
    return xp.transpose(array, (*range(len(lead)), *(axis + array.ndim for axis in params["axes"])))


def _view_broadcast(xp: ModuleType, array: Array, params: Params, lead: tuple[int, ...]) -> Array:
    return xp.broadcast_to(array, lead + params["shape"])


def _view_windows(xp: ModuleType, array: Array, params: Params, lead: tuple[int, ...]) -> Array:
    stepped = {axis: (size, stride) for axis, size, stride in zip(*_window_lists(params), strict=True)}
    shape, strides = list(array.shape), list(array.strides)
    for axis, (size, stride) in stepped.items():
        shape[axis] = (array.shape[axis] - size) // stride + 1
        strides[axis] = array.strides[axis] * stride
    shape += [stepped[axis][0] for axis in params["axes"]]
    strides += [array.strides[axis] for axis in params["axes"]]
    return xp.lib.stride_tricks.as_strided(array, tuple(shape), tuple(strides))


def _window_lists(params: Params) -> tuple[Any, Any, Any]:
    return params["axes"], params["sizes"], params["strides"]


VIEWS: Mapping[str, Callable[[ModuleType, Array, Params, tuple[int, ...]], Array]] = {
    "reshape": _view_reshape,
    "transpose": _view_transpose,
    "broadcast_to": _view_broadcast,
    "windows": _view_windows,
    "slice": lambda xp, array, params, lead: cut(array, params["slices"]),
    "stop_gradient": lambda xp, array, params, lead: array,
}


def same_memory(xp: ModuleType, a: Array, b: Array) -> bool:
    """Return whether two arrays are the same elements in the same places; an axis of one has no stride."""
    if a.shape != b.shape or address(a) != address(b):
        return False
    return all(n == 1 or s == t for n, s, t in zip(a.shape, a.strides, b.strides, strict=True))


def address(array: Array) -> int:
    """Return where an array's first element lies, on the host or the device."""
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)


def compute(primitive: Primitive, arrays: Sequence[Array], params: Params) -> list[Array]:
    """Run one primitive on NumPy arrays at once, for stages that are called directly."""
    if primitive.name in VIEWS:
        return [VIEWS[primitive.name](np, arrays[0], params, ())]
    specs = primitive.infer([Spec(array.shape, array.dtype) for array in arrays], params)
    outs = [np.empty(spec.shape, spec.dtype) for spec in specs]
    site = Site(np, params, arrays, outs, [False] * len(arrays), np.empty)
    with np.errstate(all="ignore"):
        for function, arguments, keywords in KERNELS[primitive.name](site):
            function(*arguments, **keywords)
    return outs
