"""Images mirrored at random."""

from pipeline import augment, nn, ops
from pipeline.options import Fraction


@augment
def flip(x, rng, *, horizontal: Fraction = 0.5, vertical: Fraction = 0.0):
    """Mirror each image left to right with probability `horizontal`, upside down with `vertical`.

    `x` is (batch, height, width) or (batch, height, width, channels).
    """
    images = nn.as_images(x, "flip")
    for axis, probability in ((2, horizontal), (1, vertical)):
        turned = rng.uniform((images.shape[0], 1, 1, 1)) < probability
        images = ops.where(turned, ops.flip(images, axis), images)
    return ops.reshape(images, x.shape)
