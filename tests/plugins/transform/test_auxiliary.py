import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.auxiliary import auxiliary

RNG = np.random.default_rng(0)
DATA = DataSet(
    RNG.random((60, 3, 3)), np.arange(60) % 4, splits={"train": np.arange(40), "test": np.arange(40, 60)}
)


def test_parity_and_class_of_every_row():
    both = auxiliary(auxiliary(DATA, RNG), RNG, of="class", name="digit")
    assert both.auxiliary["parity"].tolist() == (DATA.targets % 2).tolist()
    assert both.auxiliary["digit"].tolist() == DATA.targets.tolist()


def test_ink_is_scaled_over_the_train_rows():
    ink = auxiliary(DATA, RNG, of="ink").auxiliary["ink"]
    train = ink[DATA.rows("train")]
    np.testing.assert_allclose([train.mean(), train.std()], [0, 1], atol=1e-6)
    raw = DATA.inputs.mean(axis=(1, 2))
    np.testing.assert_allclose(np.argsort(ink), np.argsort(raw))


def test_only_so_many_train_rows_a_class_are_known_and_all_test_rows():
    found = auxiliary(DATA, np.random.default_rng(3), of="class", labelled=2).auxiliary["class"]
    train, test = found[DATA.rows("train")], found[DATA.rows("test")]
    assert np.bincount(train[train >= 0]).tolist() == [2, 2, 2, 2]
    assert test.tolist() == DATA.targets[DATA.rows("test")].tolist()


def test_what_does_not_fit_is_told():
    numbers = DATA.replace(targets=np.arange(60.0), task="regression", classes=())
    with pytest.raises(DataError, match="parity is of classes"):
        auxiliary(numbers, RNG)
    with pytest.raises(DataError, match="class '0' has 10 train rows, fewer than 11"):
        auxiliary(DATA, RNG, labelled=11)
    with pytest.raises(DataError, match="ink is known of every row"):
        auxiliary(DATA, RNG, of="ink", labelled=1)


@pytest.mark.parametrize("options", [{}, {"of": "ink"}, {"of": "class", "labelled": 2}])
def test_it_conforms(options):
    check_stage(auxiliary, options=options)
