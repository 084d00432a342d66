import numpy as np
import pytest
from scipy import ndimage

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.augment.scale import scale

IMAGES = np.random.default_rng(1).random((6, 5, 8))


def scaled(image, factor):
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - centre / factor
    return ndimage.affine_transform(image, [1 / factor] * 2, offset, order=1, mode="grid-constant")


def test_images_grow_and_shrink_as_scipys_do():
    factors = 1 + 0.6 * (2 * EagerRandom(3).uniform((6,)) - 1)
    assert factors.min() < 0.8
    assert factors.max() > 1.2
    expected = [scaled(image, factor) for image, factor in zip(IMAGES, factors, strict=True)]
    found = scale(IMAGES, EagerRandom(3), share=0.6)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_channels_are_scaled_together():
    channels = np.stack([IMAGES, 2 * IMAGES], axis=-1)
    found = scale(channels, EagerRandom(3), share=0.3)
    for channel in range(2):
        alone = scale(channels[..., channel], EagerRandom(3), share=0.3)
        np.testing.assert_allclose(found[..., channel], alone, rtol=1e-12)


def test_a_share_of_zero_changes_nothing():
    np.testing.assert_allclose(scale(IMAGES, EagerRandom(0), share=0.0), IMAGES, rtol=1e-14)


def test_gradients_to_images_and_share_are_those_of_differences(traced, slopes_by_differences):
    images, share = IMAGES[:2, :4, :5].copy(), np.array(0.37)
    _, slopes = traced(lambda x, share: scale(x, EagerRandom(3), share=share), x=images, share=share)
    by_images = slopes_by_differences(lambda x: scale(x, EagerRandom(3), share=0.37), images)
    by_share = slopes_by_differences(lambda s: scale(images, EagerRandom(3), share=s), share)
    np.testing.assert_allclose(slopes["x"], by_images, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes["share"], by_share, rtol=1e-6)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(ShapeError, match=r"scale works on images, \(batch, height, width\).*given \(6, 64\)"):
        scale(np.zeros((6, 64)), EagerRandom(0))


def test_it_conforms():
    check_stage(scale)
