"""How pooling by the largest runs on NumPy: a few images at a time, which stay in cache between passes.

NumPy's loops are long only along the last axes that lie side by side, so rows are combined first, as long
as the images are wide, and columns last.  Elsewhere pooling runs as the operations that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from pipeline.engine.kernels import Array, Call, Site
from pipeline.engine.lowering import lowered
from pipeline.engine.pooling import Cell, pool_by_cells, pool_like_by_cells, unpool_by_cells
from pipeline.engine.runs import copy

BLOCK = 1 << 19  # bytes of images


def pool(site: Site) -> list[Call]:
    """Find the largest of each column of a cell, then of the cell."""
    cell: Cell = site.params["cell"]
    if site.xp is not np:
        return lowered(site, lambda x: pool_by_cells(x, cell))
    calls: list[Call] = []
    memory: tuple[Array, Array] | None = None
    for x, out in _blocks(site, [site.ins[0], site.out]):
        rows = _rows(x, out, cell)
        if memory is None:
            memory = site.scratch(rows[0].shape, x.dtype), site.scratch(rows[0].shape, x.dtype)
        tall, ahead = (array[: len(x)] for array in memory)
        calls += _combined(np.maximum, rows, tall)
        calls += _largest_ahead(tall, ahead, cell[1])
        calls.append(copy(out, ahead[:, :, :: cell[1]]))
    return calls


def _largest_ahead(x: Array, out: Array, width: int) -> list[Call]:
    """Return the calls that find the largest of each pixel and the next ones, in one long loop.

    Most of it is not wanted, but short loops over the pixels that are would take twice as long.
    """
    channels, flat = x.shape[-1], x.reshape(-1)
    count = flat.size - (width - 1) * channels  # the last pixels have no next ones
    parts = [flat[j * channels : j * channels + count] for j in range(width)]
    return _combined(np.maximum, parts, out.reshape(-1)[:count])


def unpool(site: Site) -> list[Call]:
    """Compare each row with its cells' largest, share the cotangent among the hits."""
    cell: Cell = site.params["cell"]
    if site.xp is not np:
        return lowered(site, lambda g, x, y: unpool_by_cells(g, x, y, cell))
    work: _Hits | None = None
    calls = []
    for g, x, largest, out in _blocks(site, [*site.ins, site.out]):
        if work is None:
            work = _Hits(site, largest.shape, cell)
        calls += work.find(x, largest)
        calls += work.shares(g, out)
    return calls


def pool_like(site: Site) -> list[Call]:
    """Sum the other images' elements where these images are largest, divide by how many they are."""
    cell: Cell = site.params["cell"]
    if site.xp is not np:
        return lowered(site, lambda other, x, y: pool_like_by_cells(other, x, y, cell))
    work: _Hits | None = None
    calls = []
    for other, x, largest, out in _blocks(site, [*site.ins, site.out]):
        if work is None:
            work = _Hits(site, largest.shape, cell)
        calls += work.find(x, largest)
        calls += work.mean(other, out)
    return calls


class _Hits:
    """Which elements are their cell's largest, a mask for each row of the cells, and how many they are."""

    def __init__(self, site: Site, pooled: tuple[int, ...], cell: Cell):
        images, height, width, channels = pooled
        self._cell = cell
        wide = (images, height, width * cell[1], channels)
        # sums of hits are exact in any of these
        counts = np.uint8 if prod(cell) < 256 else np.uint32
        self._masks = [site.scratch(wide, np.bool_) for _ in range(cell[0])]
        self._tall = site.scratch(wide, counts)
        self._counts = site.scratch(pooled, counts)
        self._wide = site.scratch(wide, site.out.dtype)
        self._narrow = site.scratch(pooled, site.out.dtype)

    def find(self, x: Array, largest: Array) -> list[Call]:
        """Compare images with their cells' largest."""
        n = len(x)
        calls = self._spread(largest)
        for row, mask in zip(_rows(x, largest, self._cell), self._masks, strict=True):
            calls.append(Call(np.equal, (row, self._wide[:n]), {"out": mask[:n]}))
        return calls

    def divided(self, pooled: Array, out: Array) -> Call:
        """Divide by the hits of each cell."""
        n = len(pooled)
        masks = [mask[:n] for mask in self._masks]
        as_counts = [mask.view(np.uint8) for mask in masks]
        counting = _combined(np.add, as_counts, self._tall[:n])
        counting += _combined(np.add, _columns(self._tall[:n], self._cell), self._counts[:n])
        return Call(_divided, (masks, counting, pooled, self._counts[:n], out))

    def shares(self, g: Array, out: Array) -> list[Call]:
        """Write each cotangent, divided among the hits, to their places."""
        n = len(g)
        calls = [self.divided(g, self._narrow[:n]), *self._spread(self._narrow[:n])]
        for row, mask in zip(_rows(out, g, self._cell), self._masks, strict=True):
            calls.append(Call(np.multiply, (self._wide[:n], mask[:n]), {"out": row}))
        return [*calls, *_clear_left_over(out, g, self._cell)]

    def mean(self, other: Array, out: Array) -> list[Call]:
        """Average the other images' elements over the hits."""
        n = len(other)
        calls = [Call(self._narrow.fill, (0,))]
        narrow = self._narrow[:n]
        for row, mask in zip(_rows(other, out, self._cell), self._masks, strict=True):
            calls.append(Call(np.multiply, (row, mask[:n]), {"out": self._wide[:n]}))
            for column in _columns(self._wide[:n], self._cell):
                calls.append(Call(np.add, (narrow, column), {"out": narrow}))
        return [*calls, self.divided(narrow, out)]

    def _spread(self, pooled: Array) -> list[Call]:
        """Repeat pooled images along the width."""
        images, height, width, channels = pooled.shape
        wide = self._wide[:images].reshape(images, height, width, self._cell[1], channels)
        return [copy(wide[:, :, :, j], pooled) for j in range(self._cell[1])]


def _divided(
    masks: Sequence[Array], counting: Sequence[Call], pooled: Array, counts: Array, out: Array
) -> None:
    """Divide by the hits; where each cell has one, as nearly always, there is nothing to count.

    A cell of NaN has none, and could stand in for another's second hit: but its member has diverged.
    """
    if sum(map(np.count_nonzero, masks)) == pooled.size:
        np.copyto(out, pooled)
        return
    for function, arguments, keywords in counting:
        function(*arguments, **keywords)
    np.divide(pooled, counts, out=out)


def _blocks(site: Site, arrays: list[Array]) -> Iterator[list[Array]]:
    """Cut operands and results into a few images of one member each."""
    batched = [*site.batched, any(site.batched)]
    count = max(1, BLOCK // max(prod(array.shape[-3:]) * array.itemsize for array in arrays))
    for member in range(site.out.shape[0]) if any(site.batched) else [None]:
        own = [array[member] if flag else array for array, flag in zip(arrays, batched, strict=True)]
        for first in range(0, len(own[-1]), count):
            yield [array[first : first + count] for array in own]


def _rows(images: Array, pooled: Array, cell: Cell) -> list[Array]:
    """Return each row of the cells: (images, rows of cells, width, channels), what is left over cut off."""
    height, width = pooled.shape[1] * cell[0], pooled.shape[2] * cell[1]
    return [images[:, i : height : cell[0], :width] for i in range(cell[0])]


def _columns(rows: Array, cell: Cell) -> list[Array]:
    return [rows[:, :, j :: cell[1]] for j in range(cell[1])]


def _combined(function: np.ufunc, parts: list[Array], out: Array) -> list[Call]:
    """Return the calls that combine parts from the first to the last."""
    if len(parts) == 1:
        return [Call(np.copyto, (out, parts[0]))]
    first = [Call(function, (parts[0], parts[1]), {"out": out})]
    return first + [Call(function, (out, part), {"out": out}) for part in parts[2:]]


def _clear_left_over(images: Array, pooled: Array, cell: Cell) -> list[Call]:
    """Return the calls that set to zero what no cell covers."""
    height, width = pooled.shape[1] * cell[0], pooled.shape[2] * cell[1]
    parts = [images[:, height:], images[:, :height, width:]]
    return [Call(np.copyto, (part, part.dtype.type(0))) for part in parts if part.size]
