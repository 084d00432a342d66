import numpy as np
import pytest

from pipeline import DataError, DataSet, OptionError, ShapeError, UserError
from pipeline.testing import check_stage
from plugins.augment.rotate import rotate
from plugins.transform.augmented import Draws, augmented

IMAGES = np.random.default_rng(0).random((12, 6, 6)).astype("float32")
SPLITS = {"train": np.arange(2, 8), "validation": np.arange(2), "test": np.arange(8, 12)}


def images(**fields):
    return DataSet(IMAGES, np.arange(12) % 3, splits=SPLITS, **fields)


def rng():
    return np.random.default_rng(5)


def test_each_copy_is_what_the_augmentation_makes_of_the_train_rows():
    made = augmented(images(), rng(), by={"rotate": {"degrees": 30}}, copies=2)
    draws = Draws(rng(), np.float32)
    expected = [rotate(IMAGES[2:8], draws, degrees=30.0) for _ in range(2)]
    np.testing.assert_array_equal(made.inputs, np.concatenate([IMAGES, *expected]))
    np.testing.assert_array_equal(made.rows("train"), [*range(2, 8), *range(12, 24)])
    assert made.inputs.dtype == np.float32


def test_copies_have_the_targets_of_their_rows_and_other_splits_stay():
    made = augmented(images(auxiliary={"tilt": np.arange(12.0)}), rng(), by={"noise": {}}, copies=3)
    np.testing.assert_array_equal(made.targets[12:], np.tile(np.arange(2, 8) % 3, 3))
    np.testing.assert_array_equal(made.auxiliary["tilt"][12:], np.tile(np.arange(2.0, 8.0), 3))
    for split in ("validation", "test"):
        np.testing.assert_array_equal(made.split(split)[0], images().split(split)[0])


def test_augmentations_follow_each_other_in_the_order_of_the_file():
    hidden = augmented(images(), rng(), by={"noise": {"std": 1.0}, "cutout": {"size": 3}})
    noisy = augmented(images(), rng(), by={"cutout": {"size": 3}, "noise": {"std": 1.0}})
    assert (hidden.inputs[12:] == 0).any()
    assert (noisy.inputs[12:] != 0).all()


def test_predictions_are_made_from_inputs_without_augmentation():
    assert augmented(images(), rng(), by={"noise": {}}).preparation.digest == images().preparation.digest


def test_data_without_splits_are_refused():
    with pytest.raises(DataError, match="both sides"):
        augmented(DataSet(IMAGES, np.arange(12) % 3), rng(), by={"noise": {}})


def test_no_augmentation_at_all_is_refused():
    with pytest.raises(OptionError, match="no augmentation is named"):
        augmented(images(), rng(), by={})


def test_an_unknown_augmentation_a_wrong_option_and_a_table_are_refused():
    with pytest.raises(UserError, match=r"no stage 'augment.rotat'.*'augment.rotate'"):
        augmented(images(), rng(), by={"rotat": {}})
    with pytest.raises(OptionError, match="degrees"):
        augmented(images(), rng(), by={"rotate": {"degrees": -1.0}})
    with pytest.raises(ShapeError, match="rotate works on images"):
        augmented(DataSet(np.eye(6), np.arange(6), splits={"train": np.arange(6)}), rng(), by={"rotate": {}})


def test_it_conforms():
    check_stage(augmented, options={"by": {"noise": {"std": 0.2}}})
