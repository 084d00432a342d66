import numpy as np
import pytest
from scipy import ndimage

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from plugins.augment.rotate import rotate

IMAGES = np.random.default_rng(1).random((6, 5, 8))


def turned(image, degrees):
    return ndimage.rotate(image, degrees, reshape=False, order=1, mode="grid-constant")


@pytest.mark.parametrize("degrees", [15.0, 180.0])
def test_images_turn_as_scipys_do(degrees):
    angles = degrees * (2 * EagerRandom(3).uniform((6, 1)) - 1)
    expected = [turned(image, angle[0]) for image, angle in zip(IMAGES, angles, strict=True)]
    rotated = rotate(IMAGES, EagerRandom(3), degrees=degrees)
    np.testing.assert_allclose(rotated, expected, rtol=1e-9, atol=1e-9)


def test_channels_turn_together():
    channels = np.stack([IMAGES, 2 * IMAGES, IMAGES - 1], axis=-1)
    rotated = rotate(channels, EagerRandom(3), degrees=40.0)
    for channel in range(3):
        alone = rotate(channels[..., channel], EagerRandom(3), degrees=40.0)
        np.testing.assert_allclose(rotated[..., channel], alone, rtol=1e-12)


def test_zero_degrees_change_nothing():
    np.testing.assert_array_equal(rotate(IMAGES, EagerRandom(0), degrees=0.0), IMAGES)


def test_each_image_has_its_own_angle_within_the_bound():
    line = np.zeros((200, 9, 9))
    line[:, 4, 8] = 1.0  # one pixel at the right edge: its mean height tells the angle
    rotated = rotate(line, EagerRandom(0), degrees=10.0)
    heights = (rotated.sum(2) @ np.arange(-4, 5)) / rotated.sum((1, 2))
    bound = 4 * np.sin(np.radians(10))
    assert np.abs(heights).max() < bound + 0.05
    assert heights.min() < -0.8 * bound
    assert heights.max() > 0.8 * bound


def test_float32_images_stay_float32():
    assert rotate(IMAGES.astype("float32"), EagerRandom(0, dtype="float32")).dtype == np.float32


def test_gradients_to_images_and_angle_are_those_of_differences(traced, slopes_by_differences):
    images, degrees = IMAGES[:2, :4, :5].copy(), np.array(25.0)
    _, slopes = traced(
        lambda x, degrees: rotate(x, EagerRandom(3), degrees=degrees), x=images, degrees=degrees
    )
    by_images = slopes_by_differences(lambda x: rotate(x, EagerRandom(3), degrees=25.0), images)
    by_angle = slopes_by_differences(lambda d: rotate(images, EagerRandom(3), degrees=d), degrees)
    np.testing.assert_allclose(slopes["x"], by_images, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes["degrees"], by_angle, rtol=1e-6)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(
        ShapeError, match=r"rotate works on images, \(batch, height, width\).*given \(6, 64\)"
    ):
        rotate(np.zeros((6, 64)), EagerRandom(0))
