import numpy as np

from plugins.ensemble.average import average


def test_the_mean_over_members():
    predictions = np.array([[[0.2, 0.8], [1.0, 0.0]], [[0.6, 0.4], [0.0, 1.0]]])
    np.testing.assert_allclose(average(predictions), [[0.4, 0.6], [0.5, 0.5]])


def test_the_dtype_stays():
    assert average(np.ones((3, 2, 1), np.float32)).dtype == np.float32
