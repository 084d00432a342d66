import numpy as np
import pytest

from pipeline import DataError, DataSet, OptionError
from plugins.transform.one_hot import one_hot


def data(**fields):
    inputs = np.float32([[0.5, 2, 7], [1.5, 1, 8], [2.5, 2, 7], [3.5, 1, 8]])
    splits = {"train": [0, 1], "test": [2, 3]}
    return DataSet(inputs, np.array([0, 1, 2, 0]), features=("size", "sex", "kind"), splits=splits).replace(
        **fields
    )


def test_a_column_becomes_one_for_each_value_in_its_place():
    encoded = one_hot(data(), None, columns=("sex",))
    assert encoded.features == ("size", "sex=1", "sex=2", "kind")
    assert encoded.inputs.tolist() == [[0.5, 0, 1, 7], [1.5, 1, 0, 8], [2.5, 0, 1, 7], [3.5, 1, 0, 8]]
    assert encoded.inputs.dtype == np.float32
    encoded.validate("encode")


def test_columns_by_name_and_number_mean_the_same():
    by_name = one_hot(data(), None, columns=("kind", "sex"))
    by_number = one_hot(data(), None, columns=(1, -1))
    np.testing.assert_array_equal(by_name.inputs, by_number.inputs)
    assert by_name.features == ("size", "sex=1", "sex=2", "kind=7", "kind=8")


def test_new_inputs_are_encoded_alike():
    encoded = one_hot(data(), None, columns=("sex",))
    np.testing.assert_array_equal(encoded.preparation.apply([[9.0, 1, 7]]), [[9, 1, 0, 7]])


def test_a_value_that_no_train_row_has_is_refused_or_zeros():
    encoded = one_hot(data(), None, columns=("sex",))
    with pytest.raises(DataError, match=r"column 1 holds 3 in row 1(.|\n)*allowed: 1, 2(.|\n)*unseen: zeros"):
        encoded.preparation.apply([[9.0, 1, 7], [9.0, 3, 7]])
    lenient = one_hot(data(), None, columns=("sex",), unseen="zeros")
    np.testing.assert_array_equal(lenient.preparation.apply([[9.0, 3, 7]]), [[9, 0, 0, 7]])


def test_values_are_learnt_from_the_train_rows_alone():
    source = data().with_splits(train=[0, 2], test=[1, 3])
    assert one_hot(source, None, columns=("sex",), unseen="zeros").features == ("size", "sex=2", "kind")
    with pytest.raises(DataError, match="holds 1 in row 1"):
        one_hot(source, None, columns=("sex",))


def test_targets_become_rows_of_0_and_1():
    encoded = one_hot(data(), None, targets=True)
    assert encoded.task == "regression"
    assert encoded.targets.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert encoded.outputs("identity") == 3


def test_targets_that_are_numbers_are_refused():
    with pytest.raises(DataError, match="only classes can be encoded"):
        one_hot(data(targets=np.linspace(0, 1, 4), task="regression"), None, targets=True)


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(
        DataError, match=r"no column 'sax'(.|\n)*size, sex, kind, 0 to 2(.|\n)*did you mean 'sex'"
    ):
        one_hot(data(), None, columns=("sax",))
    with pytest.raises(DataError, match="no column 3"):
        one_hot(data(), None, columns=(3,))


def test_nothing_to_encode_is_refused():
    with pytest.raises(OptionError, match="nothing to encode"):
        one_hot(data(), None)
