import numpy as np
import pytest

from pipeline import DataError, DataSet
from plugins.data.arrays import arrays


def data():
    return DataSet(np.eye(3, dtype="f4"), np.array(["b", "a", "b"]), splits={"train": [0, 1], "test": [2]})


def test_what_was_saved_is_loaded(tmp_path):
    data().save(tmp_path / "handed.npz")
    loaded = arrays(path=str(tmp_path / "handed.npz"))
    np.testing.assert_array_equal(loaded.inputs, data().inputs)
    assert loaded.targets.tolist() == [1, 0, 1]
    assert loaded.classes == ("a", "b")
    assert loaded.rows("test").tolist() == [2]


def test_the_same_content_is_the_same_bytes(tmp_path):
    data().save(tmp_path / "one.npz")
    data().save(tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_without_arrays_it_says_how_to_hand_them_over():
    with pytest.raises(DataError, match=r"pipeline\.run\(\.\.\., data="):
        arrays()


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("no"),
        lambda path: np.savez(path, x=np.ones(2)),
        lambda path: path.write_bytes(b"PK\x03\x04"),
        lambda path: path.write_bytes(b"\x93NUMPY"),
    ],
)
def test_a_file_that_is_no_saved_data_set_is_named(tmp_path, write):
    write(tmp_path / "other.npz")
    with pytest.raises(DataError, match=r"other\.npz is not a saved data set"):
        arrays(path=str(tmp_path / "other.npz"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="gone"):
        arrays(path=str(tmp_path / "gone.npz"))


def test_plain_arrays_are_loaded_too(tmp_path):
    np.savez(tmp_path / "plain.npz", inputs=np.eye(3), targets=np.array([0.5, 1.5, 2.5]))
    assert arrays(path=str(tmp_path / "plain.npz")).task == "regression"
