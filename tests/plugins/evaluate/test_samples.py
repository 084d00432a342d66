import numpy as np
import pytest

from pipeline import DataSet, exhibits
from pipeline.testing import check_stage
from plugins.evaluate.samples import samples

GRID = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), axis=-1).reshape(16, 2)
DATA = DataSet(GRID, GRID, splits={"train": range(16)})


class Drawer:
    """Draws the rows themselves, moved."""

    def __init__(self, by=0.0, images=False):
        self.by, self.images = by, images

    def prepared(self, data, split):
        return data.split(split)[0]

    def sample(self, count, seed):
        drawn = np.resize(GRID, (count, 2)) + self.by
        return drawn.reshape(count, 1, 2) if self.images else drawn


def test_copies_of_the_rows_are_told_by_their_distance():
    measured = samples(Drawer(), DATA, count=16)
    assert measured["mean_gap"] == measured["std_gap"] == measured["nearest"] == 0
    assert measured["nearest_row"] == 1


def test_moved_draws_have_another_mean_and_the_same_deviation():
    measured = samples(Drawer(by=0.25), DATA, count=16)
    assert measured["mean_gap"] == pytest.approx(0.25)
    assert measured["std_gap"] == pytest.approx(0, abs=1e-12)
    assert measured["nearest"] == pytest.approx(0.25 * np.sqrt(2))


def test_images_and_points_are_shown():
    shown = samples(Drawer(images=True), DATA.replace(inputs=GRID.reshape(16, 1, 2)), count=5)["images"]
    assert isinstance(shown, exhibits.Images)
    assert shown.arrays.shape == (5, 1, 2)
    points = samples(Drawer(), DATA, count=5)["points"]
    assert isinstance(points, exhibits.Scatter)
    assert points.labels == ("data",) * 16 + ("sample",) * 5


def test_it_conforms():
    check_stage(samples)
