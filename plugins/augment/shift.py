"""Images moved at random."""

import numpy as np

from pipeline import augment, nn, ops
from pipeline.options import NonNegative


@augment
def shift(x, rng, *, pixels: NonNegative = 1.0):
    """Move each image by up to ±`pixels` along each axis, fractions interpolated; zeros come in.

    `x` is (batch, height, width) or (batch, height, width, channels).
    """
    images = nn.as_images(x, "shift")
    batch, height, width, channels = images.shape
    down, right = ((2 * rng.uniform((batch, 1, 1)) - 1) * pixels for _ in range(2))
    rows = ops.matmul(_weights(height, down, x.dtype), ops.reshape(images, (batch, height, width * channels)))
    columns = _weights(width, right, x.dtype)
    if channels == 1:
        rows = ops.reshape(rows, (batch, height, width))
        return ops.reshape(ops.matmul(rows, ops.swapaxes(columns, -1, -2)), x.shape)
    rows = ops.reshape(rows, (batch, height, width, channels))
    return ops.reshape(ops.matmul(ops.expand_dims(columns, 1), rows), x.shape)


def _weights(size, move, dtype):
    """Return what each old pixel gives to each new one: (batch, new, old)."""
    place = np.arange(size, dtype=dtype)
    return ops.relu(1 - ops.abs(place[:, None] - place - move))
