import numpy as np
import pytest

from pipeline import DataError
from pipeline.testing import check_stage
from plugins.regularizer.label_smoothing import label_smoothing


def test_every_class_gets_its_part_and_probabilities_sum_to_one(changed_targets):
    found = changed_targets(label_smoothing, np.array([0, 2, 1]), classes=4, rate=0.2)
    np.testing.assert_allclose(found[0], [0.85, 0.05, 0.05, 0.05])
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_array_equal(found.argmax(axis=1), [0, 2, 1])


def test_rate_zero_leaves_the_labels(changed_targets):
    found = changed_targets(label_smoothing, np.array([1, 0]), classes=2, rate=0.0)
    np.testing.assert_array_equal(found, [[0, 1], [1, 0]])


def test_numbers_are_refused(make_objective):
    with pytest.raises(DataError, match="needs targets that are classes"):
        label_smoothing(make_objective(2, 2))


def test_it_conforms():
    check_stage(label_smoothing)
