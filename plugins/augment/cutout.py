"""Images with a part hidden."""

import numpy as np

from pipeline import ShapeError, augment, nn, ops
from pipeline.options import Count


@augment
def cutout(x, rng, *, size: Count = 2):
    """Fill a square of `size` pixels a side with zeros, about a pixel of each image chosen at random.

    At the edge a part of the square lies outside.  DeVries & Taylor 2017 (arXiv:1708.04552), section 3.2.
    `x` is (batch, height, width) or (batch, height, width, channels).
    """
    images = nn.as_images(x, "cutout")
    batch, height, width, _ = images.shape
    if size >= 2 * min(height, width):
        raise ShapeError(
            f"a square of {size} pixels a side hides all of an image of {height} x {width}\n"
            f"    use a size of half a side or so, at most {2 * min(height, width) - 1}"
        )
    down, across = (_covered(rng.uniform((batch, 1)), length, size, x.dtype) for length in (height, width))
    hidden = ops.reshape(down, (batch, height, 1, 1)) & ops.reshape(across, (batch, 1, width, 1))
    return ops.reshape(ops.where(hidden, 0.0, images), x.shape)


def _covered(chance, length, size, dtype):
    """Return which of `length` places a window of `size` about a random one covers, (batch, length)."""
    first = ops.floor(chance * length) - size // 2
    place = np.arange(length, dtype=dtype)
    return (place >= first) & (place < first + size)
