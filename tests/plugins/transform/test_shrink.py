import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.shrink import shrink

RNG = np.random.default_rng(0)


def images(*shape):
    return DataSet(RNG.random((6, *shape)).astype("float32"), np.arange(6) % 2)


def test_each_cell_becomes_its_mean():
    data = images(4, 6)
    found = shrink(data, RNG)
    assert found.inputs.shape == (6, 2, 3)
    np.testing.assert_allclose(found.inputs[:, 1, 2], data.inputs[:, 2:4, 4:6].mean(axis=(1, 2)), rtol=1e-6)


def test_what_fills_no_cell_is_cut_off_and_channels_stay_apart():
    data = images(5, 4, 2)
    found = shrink(data, RNG, factor=2)
    assert found.inputs.shape == (6, 2, 2, 2)
    expected = data.inputs[:, :2, 2:4].mean(axis=(1, 2))
    np.testing.assert_allclose(found.inputs[:, 0, 1], expected, rtol=1e-6)


def test_a_prediction_shrinks_in_the_same_way():
    data = images(6, 6)
    found = shrink(data, RNG, factor=3)
    np.testing.assert_array_equal(found.preparation.apply(data.inputs), found.inputs)


def test_tables_and_tiny_images_are_refused():
    with pytest.raises(DataError, match=r"shape \(3,\) cannot be shrunk"):
        shrink(DataSet(np.eye(3), np.arange(3)), RNG)
    with pytest.raises(DataError, match="cannot be shrunk by 5"):
        shrink(images(4, 8), RNG, factor=5)


def test_it_conforms():
    check_stage(shrink)
