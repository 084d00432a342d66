import pytest

from pipeline import DataError
from pipeline.testing import check_stage, probes
from plugins.data.environment import environment
from plugins.evaluate.episodes import episodes

DATA = environment(rows=16)


class Wise:
    """Pushes towards where the pole falls: some hundred steps."""

    def predict_raw(self, inputs):
        import numpy as np

        return np.eye(2)[(inputs[:, 2] + 0.5 * inputs[:, 3] > 0).astype(int)]


class Stubborn(Wise):
    """Pushes to the left, always."""

    def predict_raw(self, inputs):
        return super().predict_raw(0 * inputs - 1)


def test_returns_are_the_steps_that_the_pole_stood():
    wise, stubborn = (episodes(policy(), DATA, count=5) for policy in (Wise, Stubborn))
    assert 8 <= stubborn["least_return"] <= stubborn["mean_return"] <= 11
    assert wise["mean_return"] > 150


def test_the_horizon_ends_an_episode():
    assert episodes(Wise(), DATA, count=3, horizon=7)["mean_return"] == 7


def test_an_environment_that_there_is_not_is_named():
    with pytest.raises(DataError, match="CartPol-v1"):
        episodes(Wise(), DATA, environment="CartPol-v1")


def test_a_model_of_other_actions_is_refused():
    with pytest.raises(DataError, match="chooses among 2 actions, and Acrobot-v1 has Discrete"):
        episodes(Wise(), DATA, environment="Acrobot-v1")


def test_it_conforms():
    check_stage(episodes, options={"count": 2, "horizon": 5}, data=DATA, model=probes.predictor(DATA, 0))
