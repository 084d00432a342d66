"""Images enlarged and reduced at random."""

from pipeline import augment, nn, ops
from pipeline.options import Probability


@augment
def scale(x, rng, *, share: Probability = 0.1):
    """Enlarge each image about its centre by a uniform factor within 1 ± `share`; beyond its edge lie zeros.

    `x` is (batch, height, width) or (batch, height, width, channels); pixels are interpolated bilinearly.
    """
    images = nn.as_images(x, "scale")
    batch, height, width, _ = images.shape
    factor = 1 + (2 * rng.uniform((batch, 1)) - 1) * share
    row, column = nn.places(height, width, x.dtype)
    rows = (row - (height - 1) / 2) / factor + (height - 1) / 2
    columns = (column - (width - 1) / 2) / factor + (width - 1) / 2
    return ops.reshape(nn.sample(images, rows, columns), x.shape)
