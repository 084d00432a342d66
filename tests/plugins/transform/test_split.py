import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline import DataError, DataSet, OptionError
from plugins.data.digits import digits
from plugins.transform.split import split


def labelled(counts, **fields):
    labels = np.repeat(np.arange(len(counts)), counts)
    return DataSet(np.zeros((len(labels), 1)), labels, **fields)


def divided(data, seed=0, **options):
    return split(data, np.random.default_rng(seed), **options)


def sizes(data):
    return {name: len(rows) for name, rows in data.splits.items()}


def test_every_row_is_in_exactly_one_split():
    data = divided(labelled([60, 40]), validation=0.2, test=0.1)
    assert sizes(data) == {"train": 70, "test": 10, "validation": 20}
    assert sorted(np.concatenate(list(data.splits.values()))) == list(range(100))


def test_each_split_has_its_share_of_every_class():
    data = divided(labelled([60, 40]), validation=0.2, test=0.1)
    for name, counts in {"train": [42, 28], "test": [6, 4], "validation": [12, 8]}.items():
        assert np.bincount(data.split(name)[1]).tolist() == counts


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(3, 60), min_size=1, max_size=12),
    validation=st.floats(0, 0.6),
    test=st.floats(0, 0.6),
    stratify=st.booleans(),
)
def test_splits_are_disjoint_complete_of_the_size_and_of_the_classes_asked_for(
    counts, validation, test, stratify
):
    assume(validation + test < 1)
    data, total = labelled(counts), sum(counts)
    try:
        splits = divided(data, validation=validation, test=test, stratify=stratify).splits
    except DataError:
        assume(False)
    assert sorted(np.concatenate(list(splits.values()))) == list(range(total))
    for name, share in (("validation", validation), ("test", test)):
        assert len(splits.get(name, ())) == round(share * total)
    for rows in splits.values() if stratify else ():
        found = np.bincount(data.targets[rows], minlength=len(counts))
        assert (np.abs(found - len(rows) * np.array(counts) / total) <= 1).all()


def test_rows_are_drawn_at_random_by_the_seed():
    data = labelled([50, 50])
    first, same, other = divided(data), divided(data), divided(data, seed=1)
    assert first.rows("test").tolist() == same.rows("test").tolist() != other.rows("test").tolist()
    assert first.rows("test").max() - first.rows("test").min() > 15


def test_a_share_of_zero_makes_no_split():
    assert sizes(divided(labelled([50, 50]), validation=0, test=0.5)) == {"train": 50, "test": 50}


def test_a_test_split_that_is_there_stays():
    data = labelled([50, 50]).with_splits(train=range(0, 100, 2), test=range(1, 100, 2))
    again = divided(data, validation=0.2)
    assert again.rows("test").tolist() == list(range(1, 100, 2))
    assert sizes(again) == {"train": 40, "test": 50, "validation": 10}


def test_numbers_are_divided_without_classes():
    data = divided(DataSet(np.zeros((20, 1)), np.linspace(0, 1, 20)), validation=0.1, test=0.1)
    assert sizes(data) == {"train": 16, "test": 2, "validation": 2}


def test_digits_are_divided_as_the_demo_does():
    assert sizes(divided(digits()).validate("parts")) == {"train": 1257, "test": 270, "validation": 270}


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (
            labelled([50, 2]),
            {},
            r"class '1' has 2 rows, too few to be in each of the 3 splits(.|\n)*stratify: false",
        ),
        (labelled([20] * 5), {"test": 0.03}, "split 'test' gets 3 rows, fewer than the 5 classes"),
        (
            labelled([3, 97]),
            {"test": 0.6, "validation": 0.3},
            r"class '0' has 3 rows, and none would be left(.|\n)*stratify: false",
        ),
        (labelled([5, 5]), {"test": 0.01, "stratify": False}, "0.01 of 10 rows is no row for 'test'"),
        (labelled([50, 50]).with_splits(train=[1, 1, 60]), {}, r"split before transform\.bootstrap"),
    ],
)
def test_data_that_cannot_be_divided_is_refused_with_the_fix(data, options, message):
    with pytest.raises(DataError, match=message):
        divided(data, **options)


def test_shares_that_leave_nothing_are_refused():
    with pytest.raises(OptionError, match="leave no rows to train on"):
        divided(labelled([50, 50]), validation=0.5, test=0.5)
