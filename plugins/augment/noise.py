"""Noise on the inputs."""

from pipeline import augment
from pipeline.options import NonNegative


@augment
def noise(x, rng, *, std: NonNegative = 0.1):
    """Add Gaussian noise of standard deviation `std` to every feature.  Bishop 1995."""
    return x + std * rng.normal(x.shape)
