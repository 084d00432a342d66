import numpy as np
import pytest

from pipeline import measures


def test_probabilities_that_are_frequencies_are_calibrated():
    confidence = np.random.default_rng(0).uniform(0.5, 1, 20_000)
    right = np.random.default_rng(1).random(20_000) < confidence
    p = np.stack([1 - confidence, confidence], axis=1)
    assert measures.expected_calibration_error(right.astype(int), p) < 0.015
    assert measures.expected_calibration_error(np.ones(20_000, int), p) == pytest.approx(0.25, abs=0.01)


def test_bins_hold_counts_confidences_and_accuracies():
    p = np.array([[0.62, 0.38], [0.64, 0.36], [0.1, 0.9]])
    count, confidence, accuracy = measures.reliability(np.array([0, 1, 1]), p, bins=5)
    np.testing.assert_array_equal(count, [0, 0, 0, 2, 1])
    np.testing.assert_allclose(confidence, [0, 0, 0, 0.63, 0.9])
    np.testing.assert_allclose(accuracy, [0, 0, 0, 0.5, 1.0])
