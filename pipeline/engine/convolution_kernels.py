"""How a convolution runs on NumPy: patches of a few images are copied side by side, then multiplied at once.

A block of patches is small enough to stay in the second cache between the copy and the product.  Blocks
depend on the images' sizes alone, so that members never change each other's bits.  Elsewhere a
convolution runs as the operations that it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pipeline.engine.convolution import Geometry, convolve_by_products, convolve_weights_by_products
from pipeline.engine.kernels import Array, Call, Site, in_order
from pipeline.engine.lowering import lowered
from pipeline.engine.runs import copy

BLOCK = 1 << 20  # bytes of patches; measured best among 128 KiB to 8 MiB where the second cache has 512 KiB
SHORT = 8  # elements side by side in an image; shorter runs are copied along the width instead


@dataclass(frozen=True)
class Block:
    """Some images' patches: whose they are, where their results lie, how they are made.

    `patches` is (features, pixels) where `columns`, else (pixels, features); a view of either as rows is
    `as_rows`.  `members` are None for arrays without a member axis.
    """

    members: tuple[int | None, ...]
    images: slice
    rows: slice
    as_rows: Array
    calls: list[Call]

    def of(self, result: Array) -> Array:
        """Return the block's part of a result (batch, height, width, outputs) as rows."""
        part = result[self.images, self.rows]
        return part.reshape(-1, part.shape[-1])


def convolve(site: Site) -> list[Call]:
    """Multiply each block of patches by the matrix."""
    if site.xp is not np:
        one = site.out.dtype.type(1)
        return lowered(site, lambda x, matrix: convolve_by_products(x, matrix, site.params, one))
    out = site.out
    ordered = in_order(out, any(site.batched))
    if not ordered:
        out = site.scratch(out.shape, out.dtype)
    calls: list[Call] = []
    for block in _blocks(site):
        calls += block.calls
        for member in block.members:
            matrix = _own(site.ins[1], member, site.batched[1])
            result = block.of(_own(out, member, any(site.batched)))
            calls.append(Call(np.matmul, (block.as_rows, matrix), {"out": result}))
    return calls if ordered else [*calls, Call(np.copyto, (site.out, out))]


def convolve_weights(site: Site) -> list[Call]:
    """Sum each block's patches times cotangents."""
    if site.xp is not np:
        one = site.out.dtype.type(1)
        return lowered(site, lambda x, g: convolve_weights_by_products(x, g, site.params, one))
    calls: list[Call] = []
    g = site.ins[1]
    if not in_order(g, site.batched[1]):
        g = site.scratch(g.shape, g.dtype)
        calls.append(Call(np.copyto, (g, site.ins[1])))
    term = site.scratch(site.out.shape[-2:], site.out.dtype)
    begun: set[int | None] = set()
    for block in _blocks(site):
        calls += block.calls
        for member in block.members:
            total = _own(site.out, member, any(site.batched))
            cotangent = block.of(_own(g, member, site.batched[1]))
            target = term if member in begun else total
            calls.append(Call(np.matmul, (block.as_rows.T, cotangent), {"out": target}))
            if member in begun:
                calls.append(Call(np.add, (total, term), {"out": total}))
            begun.add(member)
    return calls


def _own(array: Array, member: int | None, batched: bool) -> Array:
    return array[member] if batched else array


def _blocks(site: Site) -> Iterator[Block]:
    """Cut the work into blocks; the memory of one serves all."""
    x = site.ins[0]
    geometry = Geometry.of(site.params, x.shape)
    batch, height = x.shape[-4], geometry.counts[0]
    images, rows = _block_size(geometry, batch, x.itemsize)
    frame = _Frame(site, geometry, images)
    patch = partial(_patches, geometry, _memory(site, geometry, images * rows))
    calls = frame.clear
    for members, own in _members(site):
        for first in range(0, batch, images):
            some = slice(first, min(first + images, batch))
            framed, framing = frame.around(own[some])
            calls = calls + framing
            for row in range(0, height, rows):
                band = slice(row, min(row + rows, height))
                as_rows, cutting = patch(framed, band)
                yield Block(members, some, band, as_rows, calls + cutting)
                calls = []


def _block_size(geometry: Geometry, batch: int, itemsize: int) -> tuple[int, int]:
    """Return how many images, or rows of one image, fit into a block."""
    height, width = geometry.counts
    fitting = max(1, BLOCK // (width * geometry.features * itemsize))
    return (min(batch, fitting // height), height) if fitting >= height else (1, fitting)


def _memory(site: Site, geometry: Geometry, rows: int) -> Array:
    """Return memory for the patches of some rows of results."""
    return site.scratch((rows * geometry.counts[1] * geometry.features,), site.ins[0].dtype)


def _members(site: Site) -> list[tuple[tuple[int | None, ...], Array]]:
    """Return members that meet the same images, and these images."""
    x = site.ins[0]
    if not any(site.batched):
        return [((None,), x)]
    count = site.out.shape[0]
    return [((m,), x[m]) for m in range(count)] if site.batched[0] else [(tuple(range(count)), x)]


class _Frame:
    """Memory for some images with zeros around them; none where a convolution adds no zeros."""

    def __init__(self, site: Site, geometry: Geometry, images: int):
        self._geometry = geometry
        self._memory: Array | None = None
        self.clear: list[Call] = []
        if any(map(any, geometry.pads)):
            shape = (images, *geometry.framed, geometry.channels)
            self._memory = site.scratch(shape, site.ins[0].dtype)
            self.clear = [Call(self._memory.fill, (0,))]

    def around(self, x: Array) -> tuple[Array, list[Call]]:
        """Return images framed by zeros, and the calls that copy them there."""
        if self._memory is None:
            return x, []
        (top, _), (left, _) = self._geometry.pads
        height, width = self._geometry.size
        framed = self._memory[: len(x)]
        return framed, [copy(framed[:, top : top + height, left : left + width], x)]


def _patches(geometry: Geometry, memory: Array, framed: Array, band: slice) -> tuple[Array, list[Call]]:
    """Return the patches of framed images for some rows of results, as rows, and the calls that copy them."""
    columns = geometry.channels * geometry.kernel[1] < SHORT
    windows = _windows(geometry, framed, band)
    pixels, features = math.prod(windows.shape[:3]), geometry.features
    whole = memory[: pixels * features]
    as_rows = whole.reshape(features, pixels).T if columns else whole.reshape(pixels, features)
    target = _like(as_rows, windows.shape)
    if columns:  # the innermost loop of the copy goes along the width
        target, windows = (a.transpose(3, 4, 5, 0, 1, 2) for a in (target, windows))
    calls = [copy(target, windows)]
    if geometry.bias:
        calls.append(Call(as_rows[:, geometry.weights :].fill, (1,)))
    return as_rows, calls


def _like(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return the view of rows (pixels, features), a bias' ones left out, as (images, rows, width, *patch)."""
    _, height, width, _, across, channels = shape
    pixel, feature = rows.strides
    strides = (height * width * pixel, width * pixel, pixel, across * channels * feature, channels * feature)
    return as_strided(rows, shape, (*strides, feature))


def _windows(geometry: Geometry, framed: Array, band: slice) -> Array:
    """Return the view (images, rows, width, *kernel, channels) of framed images."""
    far, down, right, deep = framed.strides
    step_down, step_right = geometry.strides
    shape = (len(framed), band.stop - band.start, geometry.counts[1], *geometry.kernel, geometry.channels)
    strides = (far, down * step_down, right * step_right, down, right, deep)
    return as_strided(framed[:, band.start * step_down :], shape, strides)
