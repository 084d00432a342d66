import numpy as np
import pytest
from sklearn.datasets import make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from threadpoolctl import threadpool_limits

from pipeline import DataError, DataSet, OptionError
from pipeline.testing import check_stage
from plugins.evaluate.manifold import manifold

ROLL, ANGLE = make_swiss_roll(120, random_state=0)
LABELS = (ANGLE > 9).astype(int)
SPLITS = {"train": range(0, 120, 2), "test": range(1, 120, 2)}
DATA = DataSet(ROLL, ROLL, splits=SPLITS, auxiliary={"labels": LABELS})


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Let scikit-learn use one thread, as stages do in a run: threads that wait for each other burn time."""
    with threadpool_limits(1):
        yield


class Coder:
    """Encodes a row by the columns asked for."""

    def __init__(self, *columns):
        self.columns = columns

    def prepared(self, data, split):
        return data.split(split)[0]

    def head(self, name, inputs):
        assert name == "code"
        return inputs[:, self.columns]


def test_trustworthiness_is_scikit_learns_of_the_code():
    measured = manifold(Coder(0, 1), DATA, against=(), neighbors=7)
    expected = trustworthiness(ROLL[1::2], ROLL[1::2, :2], n_neighbors=7)
    assert measured["trustworthiness"] == pytest.approx(expected)
    np.testing.assert_array_equal(measured["map"].points, ROLL[1::2, :2])
    assert measured["map"].labels == tuple(map(str, LABELS[1::2]))


def test_pca_is_fitted_on_the_train_rows():
    code = PCA(2).fit(ROLL[::2]).transform(ROLL[1::2])
    measured = manifold(Coder(0, 1), DATA)
    assert measured["pca_trustworthiness"] == pytest.approx(trustworthiness(ROLL[1::2], code, n_neighbors=5))


def test_methods_that_unroll_are_to_be_trusted_more_than_a_projection():
    measured = manifold(Coder(0, 1), DATA, against=("pca", "isomap", "tsne"))
    assert measured["isomap_trustworthiness"] > measured["trustworthiness"]
    assert measured["tsne_trustworthiness"] > measured["trustworthiness"]
    assert measured["tsne_map"].points.shape == (60, 2)


def test_a_code_of_more_than_two_numbers_is_measured_and_not_drawn():
    measured = manifold(Coder(0, 1, 2), DATA, against=("pca",))
    assert set(measured) == {"trustworthiness", "pca_trustworthiness"}
    assert measured["trustworthiness"] == 1


def test_tsne_embeds_in_at_most_three_numbers():
    with pytest.raises(DataError, match=r"1 to 3 numbers, the code has 4\n    leave tsne out"):
        manifold(Coder(0, 1, 2, 0), DATA, against=("tsne",))


def test_too_many_neighbors_are_refused():
    with pytest.raises(OptionError, match="neighbors 50 is too many for 60 rows"):
        manifold(Coder(0, 1), DATA, neighbors=50)


def test_it_conforms():
    check_stage(manifold, options={"neighbors": 3, "against": ["pca", "isomap"]})
