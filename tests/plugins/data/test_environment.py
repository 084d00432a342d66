import numpy as np
import pytest

from pipeline import DataError
from pipeline.testing import check_stage
from plugins.data.environment import environment


def test_inputs_are_observations_and_targets_actions():
    data = environment(rows=40)
    assert (data.inputs.shape, data.targets.shape, data.task) == ((40, 4), (40, 2), "regression")
    np.testing.assert_array_equal(data.targets.sum(axis=1), 1)
    assert 0.2 < data.targets[:, 0].mean() < 0.8


def test_another_seed_is_another_walk():
    assert not np.array_equal(environment(rows=5, seed=1).inputs, environment(rows=5, seed=2).inputs)


def test_an_environment_that_there_is_not_is_named():
    with pytest.raises(DataError, match="Pendulu-v1"):
        environment(name="Pendulu-v1")


@pytest.mark.parametrize("name", ["Pendulum-v1", "Blackjack-v1"])
def test_actions_without_a_choice_and_observations_without_numbers_are_refused(name):
    with pytest.raises(DataError, match="allowed: a choice of several actions"):
        environment(name=name)


def test_it_conforms():
    check_stage(environment, "data")
