"""Images bent at random, as a hand's tremor bends what it writes."""

import numpy as np

from pipeline import augment, nn, ops
from pipeline.options import NonNegative, Positive


@augment
def elastic(x, rng, *, alpha: NonNegative = 4.0, sigma: Positive = 2.0):
    """Move each pixel by a random field: uniform in ±1, smoothed by a Gaussian of `sigma`, times `alpha`.

    Beyond the edge lie zeros.  Simard et al. 2003 (ICDAR), section 2, where 28 x 28 digits are bent by
    `alpha` 34 and `sigma` 4.  `x` is (batch, height, width) or (batch, height, width, channels).
    """
    images = nn.as_images(x, "elastic")
    batch, height, width, _ = images.shape
    blur_rows, blur_columns = (_gaussian(length, sigma, x.dtype) for length in (height, width))

    def field():
        noise = 2 * rng.uniform((batch, height, width)) - 1
        smooth = ops.matmul(ops.matmul(blur_rows, noise), blur_columns)
        return ops.reshape(alpha * smooth, (batch, height * width))

    row, column = nn.places(height, width, x.dtype)
    return ops.reshape(nn.sample(images, row + field(), column + field()), x.shape)


def _gaussian(length, sigma, dtype):
    """Return the symmetric matrix (length, length) that smooths along an axis beyond which lie zeros."""
    place = np.arange(length, dtype=dtype)
    # The weights sum to 1 over an axis without end: what reaches across the edge is lost.
    far = np.arange(-4 * length, 4 * length + 1, dtype=dtype)
    total = ops.sum(ops.exp(far**2 * (-0.5 / (sigma * sigma))))
    return ops.exp((place[:, None] - place) ** 2 * (-0.5 / (sigma * sigma))) / total
