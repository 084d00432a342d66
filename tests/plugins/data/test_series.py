import numpy as np
import pytest

from pipeline import DataError
from pipeline.testing import check_stage
from plugins.data.series import series


@pytest.fixture
def path(tmp_path):
    """Save ten steps, 0 to 9, and return the file's path."""
    np.savez(tmp_path / "ten.npz", series=np.arange(10.0), other=np.eye(2))
    return str(tmp_path / "ten.npz")


def test_windows_overlap(path):
    data = series(path=path, width=4, stride=3)
    assert data.inputs.tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    assert (data.task, dict(data.splits), dict(data.auxiliary)) == ("none", {}, {})


def test_windows_that_touch_the_anomaly_are_marked(path):
    data = series(path=path, width=3, anomaly=(4, 5))
    assert data.auxiliary["anomaly"].tolist() == [0, 0, 1, 1, 1, 1, 0, 0]


def test_no_step_is_in_both_splits(path):
    data = series(path=path, width=3, train=5).validate("windows")
    assert data.split("train")[0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert data.split("test")[0].tolist() == [[5, 6, 7], [6, 7, 8], [7, 8, 9]]


def test_without_a_path_one_beat_is_upside_down():
    data = series(width=100, stride=100)
    assert data.inputs.shape == (30, 100)
    assert np.flatnonzero(data.auxiliary["anomaly"]).tolist() == [22]
    assert np.flatnonzero(data.inputs.min(axis=1) < -0.5).tolist() == [22]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"array": "serie"}, r"no array 'serie'\n    allowed: series, other"),
        ({"array": "other"}, r"float64 of shape \(2, 2\)\n    allowed: numbers of shape \(steps,\)"),
        ({"width": 11}, r"10 steps has no window of 11"),
        ({"width": 3, "anomaly": (4,)}, r"anomaly \[4\] is no first and last step of 10"),
        ({"width": 3, "anomaly": (4, 10)}, r"anomaly \[4, 10\] is no first and last step"),
        ({"width": 3, "train": 2}, "train 2 leaves no window for the split 'train'"),
        ({"width": 3, "train": 8}, "train 8 leaves no window for the split 'test'"),
    ],
)
def test_what_does_not_fit_is_named(path, options, said):
    with pytest.raises(DataError, match=said):
        series(path=path, **options)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(DataError, match=r"text\.npz cannot be read"):
        series(path=str(tmp_path / "text.npz"))
    with pytest.raises(DataError, match=r"there is no file .*gone\.npz"):
        series(path=str(tmp_path / "gone.npz"))


def test_it_conforms():
    check_stage(series)
