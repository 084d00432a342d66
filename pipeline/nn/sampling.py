"""Images read between their pixels: what turning, scaling and bending have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.engine import ops

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def sample(images: Value, rows: Value, columns: Value) -> Value:
    """Interpolate images (batch, height, width, channels) bilinearly at fractional places; zeros beyond.

    `rows` and `columns` are (batch, places) in pixels, the result is (batch, places, channels).
    """
    batch, height, width, channels = images.shape
    # One ring of zeros, and another below and to the right, so that every place has four neighbours.
    framed = ops.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0)))
    stride, area = width + 3, (height + 3) * (width + 3)
    table = ops.reshape(framed, (batch * area, channels))
    rows, columns = ops.clip(rows + 1, 0.0, height + 1.0), ops.clip(columns + 1, 0.0, width + 1.0)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = ops.expand_dims(rows - top, -1), ops.expand_dims(columns - left, -1)
    corner = ops.cast(top * stride + left, "int64") + area * np.arange(batch)[:, None]

    def between(start: Value) -> Value:
        a, b = ops.take(table, start), ops.take(table, start + 1)
        return a + right * (b - a)

    above, below = between(corner), between(corner + stride)
    return above + down * (below - above)


def places(height: int, width: int, dtype: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the row and the column of each pixel of an image, (height·width,) each, from 0."""
    return np.repeat(np.arange(height, dtype=dtype), width), np.tile(np.arange(width, dtype=dtype), height)
