"""Images turned at random."""

import math

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
    row, column = nn.places(height, width, x.dtype)
    row, column = row - (height - 1) / 2, column - (width - 1) / 2
    rows = cos * row + sin * column + (height - 1) / 2
    columns = cos * column - sin * row + (width - 1) / 2
    return ops.reshape(nn.sample(images, rows, columns), x.shape)
