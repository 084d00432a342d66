"""Images turned at random."""

import math

import numpy as np

from pipeline import augment, nn, ops
from pipeline.options import NonNegative


@augment
def rotate(x, rng, *, degrees: NonNegative = 10.0):
    """Turn each image about its centre by a uniform angle within ±`degrees`; beyond its edge lie zeros.

    `x` is (batch, height, width) or (batch, height, width, channels); pixels are interpolated bilinearly.
    """
    images = nn.as_images(x, "rotate")
    batch, height, width, _ = images.shape
    angle = (2 * rng.uniform((batch, 1)) - 1) * (degrees * (math.pi / 180))
    cos, sin = ops.cos(angle), ops.sin(angle)
    row = np.repeat(np.arange(height, dtype=x.dtype) - (height - 1) / 2, width)
    column = np.tile(np.arange(width, dtype=x.dtype) - (width - 1) / 2, height)
    rows = cos * row + sin * column + (height - 1) / 2
    columns = cos * column - sin * row + (width - 1) / 2
    return ops.reshape(_sample(images, rows, columns), x.shape)


def _sample(images, rows, columns):
    """Interpolate `images` at fractional places (batch, pixels): (batch, pixels, channels)."""
    batch, height, width, channels = images.shape
    # One ring of zeros, and another below and to the right, so that every place has four neighbours.
    framed = ops.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0)))
    stride, area = width + 3, (height + 3) * (width + 3)
    table = ops.reshape(framed, (batch * area, channels))
    rows, columns = ops.clip(rows + 1, 0.0, height + 1.0), ops.clip(columns + 1, 0.0, width + 1.0)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = ops.expand_dims(rows - top, -1), ops.expand_dims(columns - left, -1)
    corner = ops.cast(top * stride + left, "int64") + area * np.arange(batch)[:, None]

    def between(start):
        a, b = ops.take(table, start), ops.take(table, start + 1)
        return a + right * (b - a)

    above, below = between(corner), between(corner + stride)
    return above + down * (below - above)
