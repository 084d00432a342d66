import numpy as np
import pytest

from pipeline import DataError
from plugins.ensemble.vote import vote


def winner(*members):
    return int(vote(np.array(members)[:, None, :]).argmax())


def test_the_majority_wins_against_a_surer_minority():
    assert winner([0.51, 0.49], [0.51, 0.49], [0.0, 1.0]) == 0
    assert np.mean([[0.51, 0.49], [0.51, 0.49], [0.0, 1.0]], axis=0).argmax() == 1


def test_a_tie_goes_to_the_higher_mean():
    assert winner([0.6, 0.4, 0.0], [0.1, 0.9, 0.0]) == 1
    assert winner([0.9, 0.1, 0.0], [0.4, 0.6, 0.0]) == 0


def test_rows_sum_to_one_and_show_the_votes():
    combined = vote(np.array([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]]))
    np.testing.assert_allclose(combined, [[(2 + 2 / 3) / 4, (1 + 1 / 3) / 4]])


@pytest.mark.parametrize("values", [[[2.5, -1.0]], [[0.3]], [[0.2, 0.2]]])
def test_values_are_refused(values):
    with pytest.raises(DataError, match=r"ensemble\.average"):
        vote(np.array([values, values]))
