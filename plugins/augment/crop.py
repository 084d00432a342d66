"""Parts of images, enlarged to the whole."""

from pipeline import augment, nn, ops
from pipeline.options import Fraction


@augment
def crop(x, rng, *, least: Fraction = 0.8):
    """Cut a window out of each image, of `least` to all of its sides, anywhere, and enlarge it again.

    The side's share and the window's place are uniform (Szegedy et al. 2015, section 6, at one aspect ratio).
    `x` is (batch, height, width) or (batch, height, width, channels); pixels are interpolated bilinearly.
    """
    images = nn.as_images(x, "crop")
    batch, height, width, _ = images.shape
    share = least + (1 - least) * rng.uniform((batch, 1))
    top, left = (rng.uniform((batch, 1)) * (1 - share) * (length - 1) for length in (height, width))
    row, column = nn.places(height, width, x.dtype)
    return ops.reshape(nn.sample(images, top + share * row, left + share * column), x.shape)
