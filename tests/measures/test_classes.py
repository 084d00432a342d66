import numpy as np
import pytest
from sklearn import metrics

from pipeline import measures


@pytest.fixture(params=[2, 3, 7])
def rows(request):
    """Labels and probabilities of 200 rows, with ties among them."""
    rng = np.random.default_rng(request.param)
    probabilities = rng.dirichlet(np.ones(request.param), 200).round(2) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return rng.integers(0, request.param, 200), probabilities


def test_measures_are_scikit_learns(rows):
    labels, p = rows
    likeliest = p.argmax(axis=1)
    assert measures.accuracy(labels, p) == metrics.accuracy_score(labels, likeliest)
    assert measures.log_loss(labels, p) == pytest.approx(metrics.log_loss(labels, p), rel=1e-12)
    f1 = metrics.f1_score(labels, likeliest, average="macro")
    assert measures.macro_f1(labels, p) == pytest.approx(f1, rel=1e-12)
    scores = p[:, 1] if p.shape[1] == 2 else p
    auroc = metrics.roc_auc_score(labels, scores, multi_class="ovr")
    assert measures.auroc(labels, p) == pytest.approx(auroc, rel=1e-12)
    np.testing.assert_array_equal(measures.confusion(labels, p), metrics.confusion_matrix(labels, likeliest))


def test_brier_of_two_classes_is_twice_scikit_learns():
    labels, p = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]])
    assert measures.brier(labels, p) == pytest.approx(2 * metrics.brier_score_loss(labels, p[:, 1]))


def test_a_class_without_rows_or_predictions_does_not_count_in_f1():
    labels, p = np.array([0, 1, 1]), np.array([[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.2, 0.8, 0.0]])
    assert measures.macro_f1(labels, p) == 1.0
    assert measures.auroc(labels, p) is None


def test_certain_and_wrong_is_finite():
    assert np.isfinite(measures.log_loss(np.array([1]), np.array([[1.0, 0.0]])))
