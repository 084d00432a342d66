"""Blocks on images (batch, height, width, channels): convolution, pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pipeline.engine import ops
from pipeline.errors import ShapeError
from pipeline.stages.initializers import Initializer

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly
Padding = Literal["same", "valid"]
NO_PADS = ((0, 0), (0, 0))


def as_images(x: Value, who: str) -> Value:
    """Give images a channel axis if they have none; a ShapeError names `who` where `x` holds no images."""
    if x.ndim == 3:
        return ops.expand_dims(x, -1)
    if x.ndim != 4:
        raise ShapeError(
            f"{who} works on images, (batch, height, width) or (batch, height, width, channels), "
            f"and was given {tuple(x.shape)}; keep the data's image shape, or leave {who} out"
        )
    return x


def conv2d(
    net: Net,
    x: Value,
    channels: int,
    *,
    name: str,
    kernel: int = 3,
    stride: int = 1,
    padding: Padding = "same",
    bias: bool = True,
    init: str | Initializer = "he",
) -> Value:
    """Correlate images with `channels` kernels and add a bias: (batch, height', width', channels).

    With `same` padding an axis of n becomes ceil(n / stride), zeros on both sides, the odd one after;
    with `valid` there are none.
    """
    height, width, depth = x.shape[1:]
    weights = net.parameter(f"{name}.weights", (kernel, kernel, depth, channels), init)
    offset = net.parameter(f"{name}.bias", (channels,), "zeros", weight=False) if bias else None
    pads = (_same(height, kernel, stride), _same(width, kernel, stride)) if padding == "same" else NO_PADS
    lengths = [n + sum(pad) for n, pad in zip((height, width), pads, strict=True)]
    _check_fit(lengths, kernel, f"conv2d {name!r}", "a smaller kernel or padding='same'")
    return ops.convolve(x, weights, offset, strides=(stride, stride), pads=pads)


def _same(length: int, kernel: int, stride: int) -> tuple[int, int]:
    count = -(-length // stride)
    total = max((count - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def _check_fit(lengths: Sequence[int], size: int, who: str, fix: str) -> None:
    height, width = lengths
    if min(height, width) < size:
        raise ShapeError(
            f"{who}: a window of {size} x {size} does not fit into {height} x {width}; use {fix}"
        )


def max_pool(x: Value, size: int = 2, stride: int | None = None) -> Value:
    """Take the largest of each `size` x `size` window of images; rows and columns left over are cut off.

    Windows stand `stride` apart, by default side by side.  Equal largest elements share the gradient.
    """
    if stride in (None, size):
        _check_fit(x.shape[1:3], size, "pooling", "fewer or smaller pools")
        return ops.pool(x, (size, size))
    return _pool(x, size, stride, ops.maximum)


def avg_pool(x: Value, size: int = 2, stride: int | None = None) -> Value:
    """Average each `size` x `size` window of images; rows and columns left over are cut off.

    Windows stand `stride` apart, by default side by side.
    """
    return _pool(x, size, stride, ops.add) * (1.0 / size**2)


def _pool(x: Value, size: int, stride: int | None, combine: Callable[[Value, Value], Value]) -> Value:
    _check_fit(x.shape[1:3], size, "pooling", "fewer or smaller pools")
    step = stride or size
    rows, columns = ((length - size) // step * step + 1 for length in x.shape[1:3])
    # One strided view for each place in the window: combining whole arrays is faster than many small windows.
    cells = [x[:, i : i + rows : step, j : j + columns : step] for i in range(size) for j in range(size)]
    while len(cells) > 1:
        pairs = [combine(a, b) for a, b in zip(cells[::2], cells[1::2], strict=False)]
        cells = pairs + cells[len(pairs) * 2 :]
    return cells[0]
