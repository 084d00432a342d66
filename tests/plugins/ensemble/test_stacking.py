import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from pipeline.testing import check_stage
from plugins.ensemble.stacking import stacking, weights_of

RNG = np.random.default_rng(0)


def members(count=4, rows=60, classes=3):
    scores = RNG.random((count, rows, classes)) + 0.05
    return scores / scores.sum(axis=-1, keepdims=True)


def learned(predictions, targets, rounds=2000):
    return weights_of(predictions, targets, None, rounds=rounds)


def test_weights_of_classes_are_those_of_the_likeliest_mixture():
    predictions, targets = members(), np.arange(60) % 3
    found = learned(predictions, targets, 20_000)["weights"]
    p = predictions[:, np.arange(60), targets]

    def cost(scores):
        w = np.exp(scores - scores.max())
        return -np.log(w / w.sum() @ p).sum()

    best = minimize(cost, np.zeros(4), method="BFGS")
    assert -np.log(found @ p).sum() == pytest.approx(best.fun, rel=1e-6)
    assert found.sum() == pytest.approx(1)


def test_weights_of_numbers_are_those_of_least_squares():
    predictions, targets = RNG.normal(size=(3, 40, 2)), RNG.normal(size=(40, 2))
    expected, _ = nnls(predictions.reshape(3, -1).T, targets.reshape(-1))
    np.testing.assert_allclose(learned(predictions, targets)["weights"], expected)


def test_a_member_that_knows_gets_all_the_weight():
    targets = np.arange(60) % 3
    sure = np.full((60, 3), 0.01) + 0.97 * np.eye(3)[targets]
    even = np.full((60, 3), 1 / 3)
    np.testing.assert_allclose(learned(np.stack([even, sure]), targets)["weights"], [0, 1], atol=1e-9)


def test_members_are_combined_by_what_was_learned():
    predictions = members(2)
    combined = stacking(predictions, {"weights": np.array([0.25, 0.75])}, rounds=1)
    np.testing.assert_allclose(combined, 0.25 * predictions[0] + 0.75 * predictions[1])


def test_it_conforms():
    check_stage(stacking)
