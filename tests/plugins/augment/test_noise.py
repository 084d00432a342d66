import numpy as np

from pipeline.engine.random import EagerRandom
from plugins.augment.noise import noise

ROWS = np.arange(4000.0).reshape(400, 10)


def test_noise_has_the_standard_deviation_asked_for_and_no_drift():
    added = noise(ROWS, EagerRandom(0), std=0.5) - ROWS
    np.testing.assert_allclose(added.std(), 0.5, rtol=0.03)
    np.testing.assert_allclose(added.mean(), 0.0, atol=0.03)


def test_every_feature_has_its_own_noise():
    added = noise(ROWS, EagerRandom(0), std=0.5) - ROWS
    assert np.unique(added.round(9)).size == added.size


def test_zero_deviation_changes_nothing():
    np.testing.assert_array_equal(noise(ROWS, EagerRandom(0), std=0.0), ROWS)
