import numpy as np
from scipy import ndimage

from pipeline import nn

IMAGES = np.random.default_rng(1).random((3, 5, 8, 2))


def test_images_are_read_between_pixels_as_scipy_reads_them_and_zeros_beyond():
    rows, columns = np.random.default_rng(2).uniform(-2, 9, (2, 3, 40))
    found = nn.sample(IMAGES, rows, columns)
    for image in range(3):
        for channel in range(2):
            expected = ndimage.map_coordinates(
                IMAGES[image, :, :, channel], [rows[image], columns[image]], order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(found[image, :, channel], expected, rtol=1e-9, atol=1e-12)


def test_places_are_the_pixels_row_by_row():
    rows, columns = nn.places(5, 8, "float64")
    found = nn.sample(IMAGES, np.tile(rows, (3, 1)), np.tile(columns, (3, 1)))
    np.testing.assert_array_equal(found.reshape(IMAGES.shape), IMAGES)
