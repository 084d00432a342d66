import json

import numpy as np
import pytest

from pipeline import StageError, exhibits

IMAGES = exhibits.Images(np.arange(12).reshape(3, 2, 2), "digits", ["a", "b", "c"])
SCATTER = exhibits.Scatter([[0, 1], [2, 3]], ["x", "y"], "codes")
LINES = exhibits.Lines([1, 2], {"train": [0.5, 0.4], "test": [0.6, 0.5]}, "loss", "epoch", "nats")
TABLE = exhibits.Table(["word", "count"], [["a", np.int64(3)], ["b", None], ["c", np.float32(0.5)]], "words")
DRAWING = exhibits.Drawing('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0,0"/></svg>', "a line")
ALL = [IMAGES, SCATTER, LINES, TABLE, DRAWING]


@pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.kind)
def test_parts_give_the_same_exhibit_back(shown):
    parts, arrays = shown.to_parts()
    assert exhibits.from_parts(json.loads(json.dumps(parts, allow_nan=False)), arrays) == shown


def test_exhibits_are_equal_if_they_show_the_same():
    assert exhibits.Images(IMAGES.arrays, "digits", ("a", "b", "c")) == IMAGES
    assert exhibits.Images(IMAGES.arrays + 1, "digits", ("a", "b", "c")) != IMAGES
    assert exhibits.Images(IMAGES.arrays, "other", ("a", "b", "c")) != IMAGES
    assert sum(a == b for a in ALL for b in ALL) == len(ALL)


def test_a_table_keeps_whole_numbers_whole():
    assert [type(row[1]) for row in TABLE.rows] == [int, type(None), float]


def test_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        IMAGES.arrays[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (
            lambda: exhibits.Images(np.zeros((2, 3))),
            r"Images: arrays \(2, 3\); allowed: \(n, height, width\)",
        ),
        (lambda: exhibits.Images(np.zeros((2, 3, 3)), labels=["a"]), "1 labels; .* one for each of 2"),
        (lambda: exhibits.Images(np.full((1, 1, 1), np.nan)), "arrays with nan; allowed: finite numbers"),
        (lambda: exhibits.Images(np.array([[["a"]]])), "arrays of <U1; allowed: numbers"),
        (lambda: exhibits.Scatter(np.zeros((4, 3))), r"points \(4, 3\); allowed: \(n, 2\)"),
        (lambda: exhibits.Scatter(np.zeros((4, 2)), labels=["a"]), "1 labels"),
        (lambda: exhibits.Lines([1, 2], {}), "no series"),
        (lambda: exhibits.Lines([1, 2], {"y": [1, 2, 3]}), r"series 'y' \(3,\); .* shape of x, \(2,\)"),
        (lambda: exhibits.Lines([1, 2], {"y": [1, np.inf]}), "series 'y' with inf"),
        (lambda: exhibits.Table(["a"], [[1], [1, 2]]), "row 1 of 2 cells; allowed: 1 columns"),
        (lambda: exhibits.Table(["a"], [[float("nan")]]), "a cell is nan"),
        (lambda: exhibits.Drawing("<p>no</p>"), "an element <p>"),
    ],
)
def test_what_does_not_fit_is_refused(make, fault):
    with pytest.raises(StageError, match=fault):
        make()


def test_arrays_become_lists_in_json():
    assert SCATTER.to_json()["points"] == [[0, 1], [2, 3]]
    assert LINES.to_json()["series"] == {"train": [0.5, 0.4], "test": [0.6, 0.5]}
    assert all(json.dumps(shown.to_json(), allow_nan=False) for shown in ALL)
