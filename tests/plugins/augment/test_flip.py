import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from plugins.augment.flip import flip

IMAGES = np.random.default_rng(1).random((400, 2, 3))


def test_certain_flips_mirror_every_image():
    for shape in ((400, 2, 3), (400, 2, 1, 3)):
        images = IMAGES.reshape(shape)
        mirrored = flip(images, EagerRandom(0), horizontal=1.0, vertical=0.0)
        np.testing.assert_array_equal(mirrored, images[:, :, ::-1])
        upside_down = flip(images, EagerRandom(0), horizontal=0.0, vertical=1.0)
        np.testing.assert_array_equal(upside_down, images[:, ::-1])


def test_impossible_flips_change_nothing():
    np.testing.assert_array_equal(flip(IMAGES, EagerRandom(0), horizontal=0.0, vertical=0.0), IMAGES)


def test_the_probability_is_how_often_an_image_is_mirrored():
    flipped = flip(IMAGES, EagerRandom(0), horizontal=0.25)
    mirrored = (flipped == IMAGES[:, :, ::-1]).all((1, 2))
    assert ((flipped == IMAGES).all((1, 2)) | mirrored).all()
    assert 0.2 < mirrored.mean() < 0.3


def test_gradients_flow_to_where_the_pixels_came_from(traced):
    images = IMAGES[:8].copy()
    _, slopes = traced(lambda x: flip(x, EagerRandom(2)), x=images)
    np.testing.assert_allclose(slopes["x"], np.cos(images))


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(ShapeError, match=r"flip works on images, \(batch, height, width\).*given \(6, 64\)"):
        flip(np.zeros((6, 64)), EagerRandom(0))
