import numpy as np
import pytest
from scipy import ndimage

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.augment.crop import crop

IMAGES = np.random.default_rng(1).random((6, 5, 8))


def cropped(image, share, corner):
    return ndimage.affine_transform(image, [share, share], corner, order=1, mode="nearest")


def test_windows_are_cut_and_enlarged_as_scipy_does():
    rng = EagerRandom(3)
    share = 0.4 + 0.6 * rng.uniform((6, 1))
    corners = [rng.uniform((6, 1)) * (1 - share) * (length - 1) for length in (5, 8)]
    expected = [
        cropped(image, s[0], c) for image, s, c in zip(IMAGES, share, np.hstack(corners), strict=True)
    ]
    np.testing.assert_allclose(crop(IMAGES, EagerRandom(3), least=0.4), expected, rtol=1e-9, atol=1e-9)


def test_a_window_lies_within_the_image():
    found = crop(np.ones((200, 7, 7)), EagerRandom(0), least=0.1)
    np.testing.assert_allclose(found, 1.0, rtol=1e-12)  # zeros would come from beyond


def test_windows_reach_every_corner():
    ramp = np.broadcast_to(np.arange(9.0)[:, None] + 10 * np.arange(9.0), (300, 9, 9))
    found = crop(ramp, EagerRandom(0), least=0.2)
    first = found[:, 0, 0]
    assert first.min() < 5
    assert first.max() > 55


def test_the_whole_image_is_what_a_share_of_one_leaves():
    np.testing.assert_array_equal(crop(IMAGES, EagerRandom(0), least=1.0), IMAGES)


def test_gradients_to_images_and_share_are_those_of_differences(traced, slopes_by_differences):
    images, least = IMAGES[:2, :4, :5].copy(), np.array(0.37)
    _, slopes = traced(lambda x, least: crop(x, EagerRandom(3), least=least), x=images, least=least)
    by_images = slopes_by_differences(lambda x: crop(x, EagerRandom(3), least=0.37), images)
    by_least = slopes_by_differences(lambda s: crop(images, EagerRandom(3), least=s), least)
    np.testing.assert_allclose(slopes["x"], by_images, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes["least"], by_least, rtol=1e-6)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(ShapeError, match=r"crop works on images, \(batch, height, width\).*given \(6, 64\)"):
        crop(np.zeros((6, 64)), EagerRandom(0))


def test_it_conforms():
    check_stage(crop)
