import numpy as np
import pytest

from pipeline import DataError
from plugins.data.npz import npz


@pytest.fixture
def saved(tmp_path):
    """Save arrays and return the file's path."""

    def save(**arrays):
        np.savez(tmp_path / "data.npz", **arrays)
        return str(tmp_path / "data.npz")

    return save


X = np.arange(8.0).reshape(4, 2)


def test_whole_numbers_are_classes_and_gaps_are_closed(saved):
    data = npz(path=saved(inputs=X, targets=np.array([7, 1, 7, 2], np.uint8)))
    assert data.classes == ("1", "2", "7")
    assert data.targets.tolist() == [2, 0, 2, 1]
    np.testing.assert_array_equal(data.inputs, X)


def test_texts_are_classes(saved):
    assert npz(path=saved(inputs=X, targets=np.array(list("abba")))).classes == ("a", "b")


def test_fractions_are_regression_and_a_single_column_is_flat(saved):
    data = npz(path=saved(inputs=X, targets=np.array([[0.5], [1.5], [2.5], [3.5]])))
    assert (data.task, data.targets.shape) == ("regression", (4,))


def test_the_task_can_be_said(saved):
    path = saved(inputs=X, targets=np.array([0.0, 1.0, 1.0, 0.0]))
    assert npz(path=path).task == "regression"
    assert npz(path=path, task="classes").classes == ("0", "1")
    assert npz(path=saved(inputs=X, targets=np.arange(4)), task="regression").task == "regression"


def test_many_whole_numbers_need_the_task_said(saved):
    path = saved(inputs=np.ones((60, 1)), targets=np.arange(60))
    with pytest.raises(DataError, match=r"60 different whole numbers(.|\n)*task: classes"):
        npz(path=path)
    assert len(npz(path=path, task="classes").classes) == 60


def test_targets_can_be_left_out(saved):
    data = npz(path=saved(inputs=X), targets=None)
    assert data.targets is None


def test_an_array_that_is_not_there_lists_those_that_are(saved):
    with pytest.raises(DataError, match=r"no array 'inputs'(.|\n)*allowed: input, targets(.|\n)*'input'"):
        npz(path=saved(input=X, targets=np.arange(4)))


def test_python_objects_are_refused_and_nothing_runs(saved):
    path = saved(inputs=X, targets=np.array([Bomb()] * 4, dtype=object))
    with pytest.raises(DataError, match=r"'targets'.*Python objects.*pickle(.|\n)*astype"):
        npz(path=path)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was read",))


def test_classes_of_several_columns_are_refused(saved):
    with pytest.raises(DataError, match=r"shape \(4, 3\)(.|\n)*argmax"):
        npz(path=saved(inputs=X, targets=np.zeros((4, 3), int)))


def test_other_files_are_refused(tmp_path):
    for content in (b"a,b\n", b"", b"PK\x05\x06" + bytes(8) + b"\x64" + bytes(9)):
        (tmp_path / "data.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"is not an \.npz file"):
            npz(path=str(tmp_path / "data.npz"))
    with pytest.raises(DataError, match=r"there is no file .*gone\.npz"):
        npz(path=str(tmp_path / "gone.npz"))


def test_a_damaged_array_is_refused(saved, tmp_path):
    path = saved(inputs=X, targets=np.arange(4))
    content = bytearray((tmp_path / "data.npz").read_bytes())
    content[content.index(b"NUMPY") + 140] ^= 0xFF
    (tmp_path / "data.npz").write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"array 'inputs' of .* cannot be read"):
        npz(path=path)


def test_mnist_loads(test_data):
    data = npz(path=str(test_data / "mnist10k.npz"), inputs="images", targets="labels").validate("mnist")
    assert data.inputs.shape == (10000, 28, 28)
    assert data.inputs.max() == 255
    assert len(data.classes) == 10
