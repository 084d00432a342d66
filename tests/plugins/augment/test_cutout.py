import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.engine.random import EagerRandom
from pipeline.testing import check_stage
from plugins.augment.cutout import cutout

ONES = np.ones((4000, 6, 5))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_square_is_zero_and_the_rest_as_it_was(size):
    hidden = cutout(ONES, EagerRandom(0), size=size) == 0
    rows, columns = hidden.any(axis=2), hidden.any(axis=1)
    np.testing.assert_array_equal(hidden, rows[:, :, None] & columns[:, None])
    assert rows.sum(axis=1).max() == columns.sum(axis=1).max() == size
    assert (np.abs(np.diff(rows, axis=1)).sum(axis=1) <= 2).all()  # one piece


def test_every_pixel_is_the_middle_equally_often():
    hidden = (cutout(ONES, EagerRandom(0), size=1) == 0).mean(axis=0)
    np.testing.assert_allclose(hidden, 1 / 30, atol=0.012)


def test_at_the_edge_a_part_of_the_square_lies_outside():
    widths = (cutout(ONES, EagerRandom(0), size=3) == 0).any(axis=2).sum(axis=1)
    assert set(widths) == {2, 3}


def test_channels_are_hidden_together():
    images = np.random.default_rng(0).random((50, 6, 5, 3)) + 1
    hidden = cutout(images, EagerRandom(0), size=2) == 0
    assert (hidden == hidden[..., :1]).all()


def test_no_gradient_reaches_what_is_hidden(traced):
    images = np.full((3, 6, 5), 0.5)
    value, slopes = traced(lambda x: cutout(x, EagerRandom(2), size=3), x=images)
    np.testing.assert_array_equal(slopes["x"] == 0, value == 0)


def test_a_table_is_refused_with_its_shape_and_what_is_needed():
    with pytest.raises(
        ShapeError, match=r"cutout works on images, \(batch, height, width\).*given \(6, 64\)"
    ):
        cutout(np.zeros((6, 64)), EagerRandom(0))


def test_a_square_that_hides_whole_images_wherever_it_lies_is_refused():
    with pytest.raises(ShapeError, match=r"hides all of an image of 6 x 5(.|\n)*at most 9"):
        cutout(ONES, EagerRandom(0), size=10)


def test_it_conforms():
    check_stage(cutout)
