import numpy as np
import pytest

from pipeline import ShapeError
from pipeline.testing import check_stage
from plugins.loss.joint import joint
from plugins.loss.softmax import softmax

LOG_JOINT = np.log([[0.1, 0.3], [0.05, 0.15]])  # p(x) is 0.4 and 0.2
Y = np.array([1, 0])


def test_at_one_it_is_the_surprise_of_the_example_with_its_class():
    np.testing.assert_allclose(joint(LOG_JOINT, Y), [-np.log(0.3), -np.log(0.05)])


def test_at_zero_the_class_alone_counts():
    np.testing.assert_allclose(joint(LOG_JOINT, Y, generative=0.0), softmax(LOG_JOINT, Y))


def test_between_them_the_inputs_count_by_their_share():
    expected = softmax(LOG_JOINT, Y) - 0.25 * np.log([0.4, 0.2])
    np.testing.assert_allclose(joint(LOG_JOINT, Y, generative=0.25), expected)


def test_probabilities_serve_as_targets():
    np.testing.assert_allclose(joint(LOG_JOINT, np.eye(2)[Y]), joint(LOG_JOINT, Y))


def test_targets_of_another_number_of_classes_are_refused():
    with pytest.raises(ShapeError, match=r"targets \(2, 3\) do not fit outputs \(2, 2\)"):
        joint(LOG_JOINT, np.ones((2, 3)))


def test_it_conforms():
    check_stage(joint)
