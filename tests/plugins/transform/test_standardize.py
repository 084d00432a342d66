import numpy as np
import pytest

from pipeline import DataError, DataSet
from plugins.transform.standardize import standardize


def data(dtype="f4"):
    inputs = np.array([[1, 5, 0.1], [3, 9, 0.1], [100, 7, 0.3]], dtype)
    return DataSet(inputs, np.array([0, 1, 0]), splits={"train": [0, 1], "test": [2]})


def test_train_rows_get_mean_0_and_deviation_1():
    train, _ = standardize(data(), None).split("train")
    np.testing.assert_allclose(train[:, :2], [[-1, -1], [1, 1]])


def test_other_rows_are_scaled_by_the_train_rows_alone():
    test, _ = standardize(data(), None).split("test")
    np.testing.assert_allclose(test, [[98, 0, 0.2]], rtol=1e-5)


def test_a_constant_feature_is_only_shifted():
    train, _ = standardize(data(), None).split("train")
    np.testing.assert_allclose(train[:, 2], 0, atol=1e-7)


def test_the_dtype_stays_and_new_inputs_are_scaled_alike():
    for dtype in ("f4", "f8"):
        scaled = standardize(data(dtype), None)
        assert scaled.inputs.dtype == dtype
        np.testing.assert_array_equal(scaled.preparation.apply(data(dtype).inputs), scaled.inputs)


def test_images_are_scaled_pixel_by_pixel():
    images = np.random.default_rng(0).normal(3, 2, (50, 4, 4))
    scaled = standardize(DataSet(images, np.arange(50) % 2), None)
    np.testing.assert_allclose(scaled.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.inputs.std(axis=0), 1)


def test_missing_inputs_count_in_neither_and_stay_missing():
    nan = np.nan
    inputs = np.array([[1, nan, 7], [3, 9, nan], [nan, 5, 7], [9, nan, 8]])
    splits = {"train": [0, 1, 2], "test": [3]}
    holes = DataSet(inputs, np.array([0, 1, 0, 1]), splits=splits, missing=True)
    scaled = standardize(holes, None)
    np.testing.assert_array_equal(scaled.inputs, [[-1, nan, 0], [1, 1, nan], [nan, -1, 0], [7, nan, 1]])
    assert scaled.missing


def test_targets_are_scaled_by_the_train_rows_where_that_is_asked_for():
    numbers = DataSet(np.eye(3), np.array([10.0, 30.0, 100.0]), splits={"train": [0, 1], "test": [2]})
    np.testing.assert_allclose(standardize(numbers, None, targets=True).targets, [-1.0, 1.0, 8.0])
    np.testing.assert_array_equal(standardize(numbers, None).targets, numbers.targets)


def test_targets_that_are_constant_are_only_shifted():
    numbers = DataSet(np.eye(3), np.array([[5.0, 1.0], [5.0, 3.0], [6.0, 5.0]]), splits={"train": [0, 1]})
    np.testing.assert_allclose(standardize(numbers, None, targets=True).targets[:, 0], [0.0, 0.0, 1.0])


def test_classes_cannot_be_scaled():
    with pytest.raises(DataError, match=r"no numbers to scale: the data's task is classes"):
        standardize(data(), None, targets=True)
