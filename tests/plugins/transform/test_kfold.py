import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import DataError, DataSet, OptionError
from plugins.transform.kfold import kfold


def data(counts=(30, 20), **splits):
    labels = np.repeat(np.arange(len(counts)), counts)
    return DataSet(np.zeros((len(labels), 1)), labels, splits=splits)


def fold(source, number, **options):
    return kfold(source, np.random.default_rng(0), fold=number, **options)


def test_the_folds_hold_out_every_row_once():
    held_out = [fold(data(), i).rows("validation") for i in range(5)]
    assert sorted(np.concatenate(held_out)) == list(range(50))
    for i, rows in enumerate(held_out):
        assert sorted([*rows, *fold(data(), i).rows("train")]) == list(range(50))


def test_each_fold_has_its_share_of_every_class():
    for i in range(5):
        assert np.bincount(fold(data(), i).split("validation")[1]).tolist() == [6, 4]


@settings(deadline=None)
@given(counts=st.lists(st.integers(7, 40), min_size=1, max_size=8), folds=st.integers(2, 7))
def test_folds_are_complete_and_even_in_rows_and_in_classes(counts, folds):
    source = data(counts)
    held_out = [fold(source, i, folds=folds).rows("validation") for i in range(folds)]
    assert sorted(np.concatenate(held_out)) == list(range(sum(counts)))
    assert np.ptp([len(rows) for rows in held_out]) <= 1
    classes = np.array([np.bincount(source.targets[rows], minlength=len(counts)) for rows in held_out])
    assert (np.ptp(classes, axis=0) <= 1).all()


def test_rows_are_drawn_at_random_by_the_seed():
    source = DataSet(np.zeros((60, 1)), np.zeros(60, np.int64))
    first, other = (kfold(source, np.random.default_rng(seed)).rows("validation").tolist() for seed in (0, 1))
    assert first != other
    assert max(np.diff(first)) > 5


def test_test_rows_stay_and_validation_rows_are_divided_anew():
    source = data(train=range(0, 20), validation=range(20, 40), test=range(40, 50))
    one = fold(source, 0, folds=4)
    assert one.rows("test").tolist() == list(range(40, 50))
    assert sorted([*one.rows("train"), *one.rows("validation")]) == list(range(40))
    assert len(one.rows("validation")) == 10


def test_numbers_are_divided_without_classes():
    numbers = DataSet(np.zeros((10, 1)), np.linspace(0, 1, 10))
    assert len(fold(numbers, 2).rows("validation")) == 2


def test_a_fold_that_is_not_there_is_refused():
    with pytest.raises(OptionError, match=r"fold 5 of 5 folds(.|\n)*0 to 4"):
        fold(data(), 5)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (data((30, 3)), {}, "class '1' has 3 rows, fewer than the 5 folds"),
        (data((2, 2)), {"stratify": False}, "4 rows cannot be divided in 5 folds"),
        (data(train=[0, 0, 40]), {}, r"before transform\.bootstrap"),
    ],
)
def test_data_that_cannot_be_divided_is_refused(source, options, message):
    with pytest.raises(DataError, match=message):
        fold(source, 0, **options)
