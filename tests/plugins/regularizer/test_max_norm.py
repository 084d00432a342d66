from functools import partial

import numpy as np

from pipeline.testing import check_stage
from plugins.regularizer.max_norm import max_norm


def test_no_units_incoming_weights_are_longer_than_the_limit(acted):
    result = acted(partial(max_norm, limit=2.0))
    before, after = (np.linalg.norm(w, axis=0) for w in (result.out_weights, result.after_out_weights))
    assert before.min() < 2.0 < before.max()
    np.testing.assert_allclose(after, np.minimum(before, 2.0), rtol=1e-12)


def test_the_direction_stays_and_shorter_ones_stay_as_they_are(acted):
    result = acted(partial(max_norm, limit=2.0))
    w, limited = result.out_weights, result.after_out_weights
    norms = np.linalg.norm(w, axis=0)
    np.testing.assert_allclose(limited * norms, w * np.minimum(norms, 2.0), rtol=1e-12)
    np.testing.assert_array_equal(limited[:, norms < 2], w[:, norms < 2])


def test_a_kernel_of_a_convolution_is_a_units_weights(make_objective):
    objective = make_objective(2, 2)
    kernels = 5 * np.random.default_rng(0).standard_normal((3, 3, 2, 4))
    max_norm(objective, limit=1.5)
    limited = objective.after({"out.weights": kernels})["out.weights"]
    np.testing.assert_allclose(np.linalg.norm(limited.reshape(-1, 4), axis=0), 1.5)


def test_it_conforms():
    check_stage(max_norm)
