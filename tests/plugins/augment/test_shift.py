import numpy as np
import pytest
from scipy import ndimage

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from plugins.augment.shift import shift

IMAGES = np.random.default_rng(1).random((6, 5, 8))


def test_images_move_as_scipys_do():
    rng = EagerRandom(3)
    down, right = (3.0 * (2 * rng.uniform((6,)) - 1) for _ in range(2))
    expected = [
        ndimage.shift(image, move, order=1, mode="grid-constant")
        for image, *move in zip(IMAGES, down, right, strict=True)
    ]
    np.testing.assert_allclose(shift(IMAGES, EagerRandom(3), pixels=3.0), expected, rtol=1e-9, atol=1e-9)


def test_channels_move_together():
    channels = np.stack([IMAGES, 2 * IMAGES, IMAGES - 1], axis=-1)
    moved = shift(channels, EagerRandom(3), pixels=2.5)
    for channel in range(3):
        alone = shift(channels[..., channel], EagerRandom(3), pixels=2.5)
        np.testing.assert_allclose(moved[..., channel], alone, rtol=1e-12)


def test_zero_pixels_change_nothing():
    np.testing.assert_array_equal(shift(IMAGES, EagerRandom(0), pixels=0.0), IMAGES)


def test_gradients_to_images_and_distance_are_those_of_differences(traced, slopes_by_differences):
    images, pixels = IMAGES[:2, :4, :5].copy(), np.array(1.7)
    _, slopes = traced(lambda x, pixels: shift(x, EagerRandom(3), pixels=pixels), x=images, pixels=pixels)
    by_images = slopes_by_differences(lambda x: shift(x, EagerRandom(3), pixels=1.7), images)
    by_pixels = slopes_by_differences(lambda p: shift(images, EagerRandom(3), pixels=p), pixels)
    np.testing.assert_allclose(slopes["x"], by_images, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes["pixels"], by_pixels, rtol=1e-6)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(ShapeError, match=r"shift works on images, \(batch, height, width\).*given \(6, 64\)"):
        shift(np.zeros((6, 64)), EagerRandom(0))
