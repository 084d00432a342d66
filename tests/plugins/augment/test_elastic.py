import numpy as np
import pytest
from scipy import ndimage

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.augment.elastic import elastic

IMAGES = np.random.default_rng(1).random((4, 9, 8))


def bent(image, down, right):
    rows, columns = np.indices(image.shape)
    return ndimage.map_coordinates(image, [rows + down, columns + right], order=1, mode="grid-constant")


@pytest.mark.parametrize("sigma", [0.7, 2.0])
def test_images_bend_as_scipys_filter_and_interpolation_do(sigma):
    rng = EagerRandom(3)
    fields = [
        5.0
        * np.stack(
            [
                ndimage.gaussian_filter(n, sigma, mode="constant", truncate=14)
                for n in 2 * rng.uniform((4, 9, 8)) - 1
            ]
        )
        for _ in range(2)
    ]
    expected = [bent(image, down, right) for image, down, right in zip(IMAGES, *fields, strict=True)]
    found = elastic(IMAGES, EagerRandom(3), alpha=5.0, sigma=sigma)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert np.abs(found - IMAGES).max() > 0.1


def test_a_wider_gaussian_moves_neighbours_more_alike():
    ramp = np.broadcast_to(np.arange(20.0)[:, None], (30, 20, 20))  # its values are the rows that were read

    def roughness(sigma):
        moved = elastic(ramp, EagerRandom(0), alpha=4.0 * sigma, sigma=sigma)[:, 6:14, 6:14]
        return np.abs(np.diff(moved, axis=2)).mean()

    assert roughness(3.0) < roughness(1.0) / 2


def test_alpha_zero_changes_nothing():
    np.testing.assert_array_equal(elastic(IMAGES, EagerRandom(0), alpha=0.0), IMAGES)


def test_gradients_to_images_and_options_are_those_of_differences(traced, slopes_by_differences):
    images, alpha, sigma = IMAGES[:1, :4, :5].copy(), np.array(3.1), np.array(1.2)

    def f(x, alpha, sigma):
        return elastic(x, EagerRandom(3), alpha=alpha, sigma=sigma)

    _, slopes = traced(f, x=images, alpha=alpha, sigma=sigma)
    by_images = slopes_by_differences(lambda x: f(x, 3.1, 1.2), images)
    by_alpha = slopes_by_differences(lambda a: f(images, a, 1.2), alpha)
    by_sigma = slopes_by_differences(lambda s: f(images, 3.1, s), sigma)
    np.testing.assert_allclose(slopes["x"], by_images, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes["alpha"], by_alpha, rtol=1e-5)
    np.testing.assert_allclose(slopes["sigma"], by_sigma, rtol=1e-5)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(
        ShapeError, match=r"elastic works on images, \(batch, height, width\).*given \(6, 64\)"
    ):
        elastic(np.zeros((6, 64)), EagerRandom(0))


def test_it_conforms():
    check_stage(elastic)
