import numpy as np
import pytest

from pipeline import DataError, ShapeError
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry
from pipeline.testing import check_stage
from plugins.data.environment import environment
from plugins.loss.policy import probabilities
from plugins.train.policy_gradient import _advantages, _chosen, _examples, policy_gradient

DATA = environment(rows=16)


def trained(seeds=(0, 1), rates=(2e-2,), data=DATA, **options):
    members = tuple(
        Member(f"{seed}-{rate}", f"{seed}-{rate}", seed, "data", {"adam": {"lr": rate}})
        for seed in seeds
        for rate in rates
    )
    parts = {
        "model": (Part("net", "model.mlp", {"hidden": [8]}),),
        "optimizer": (Part("adam", "optimizer.adam", {"lr": rates[0]}),),
        "loss": (Part("loss", "loss.policy", {}),),
    }
    spec = CohortSpec("fit", Part("fit", "train.policy_gradient", options), parts, members)
    return train_cohort(spec, {"data": data}, Registry())


def test_returns_are_discounted_and_lose_their_mean_at_each_step():
    rewards = np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    alive = np.array([[True, True], [True, False], [True, False]])
    gains = _advantages(rewards, alive, 0.5)
    # returns 1.75 and 1 at first, whose mean is 1.375; alone, an episode is its own mean
    expected = np.array([[0.375, -0.375], [0.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(gains, expected / expected[alive].std(), rtol=1e-6)


def test_actions_are_drawn_by_their_probabilities():
    logits = np.log(np.array([0.2, 0.5, 0.3]))
    chances = (np.arange(1000) + 0.5) / 1000
    drawn = _chosen(np.tile(logits, (1000, 1)), chances)
    np.testing.assert_allclose(np.bincount(drawn) / 1000, [0.2, 0.5, 0.3], atol=2e-3)


def test_steps_after_an_episodes_end_count_nothing_and_the_others_are_a_mean():
    seen, taken = np.ones((1, 3, 2, 4)), np.zeros((1, 3, 2, 2))
    taken[..., 1] = 1
    alive = np.array([[[True, True], [True, False], [False, False]]])
    gains = np.where(alive, 2.0, 0.0)
    inputs, targets = _examples(seen, taken, gains, alive)
    assert (inputs.shape, targets.shape) == ((1, 6, 4), (1, 6, 2))
    np.testing.assert_allclose(targets[0, :, 1], [4, 4, 4, 0, 0, 0])  # 2 x 6 rows / 3 alive
    assert not targets[0, :, 0].any()


def test_a_trial_is_the_same_alone_and_among_others():
    options = {"epochs": 2, "episodes": 2, "horizon": 30}
    together = trained((0, 1), (1e-2, 5e-2), **options)
    (alone,) = trained((1,), (5e-2,), **options)
    for name, array in together[3].params.items():
        np.testing.assert_array_equal(array, alone.params[name])


def test_some_epochs_make_a_pole_stand_longer():
    before, after = (trained((0,), epochs=epochs, episodes=6, horizon=200)[0] for epochs in (1, 25))
    measure = Registry().stage("evaluate.episodes").function
    scores = [measure(result.network, DATA, count=10, horizon=200) for result in (before, after)]
    assert scores[1]["mean_return"] > scores[0]["mean_return"] + 50


def test_the_policy_predicts_probabilities_of_actions():
    (result,) = trained((0,), epochs=1, episodes=2, horizon=5)
    np.testing.assert_allclose(result.network.predict(DATA.inputs).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities(np.array([[0.0, np.log(3)]])), [[0.25, 0.75]])


def test_an_environment_that_gymnasium_lacks_is_named():
    with pytest.raises(DataError, match="name an environment that gymnasium has"):
        trained((0,), environment="CartPol-v1")


def test_a_net_for_another_environment_is_refused():
    with pytest.raises(ShapeError, match=r"the model takes rows of shape \(4,\)"):
        trained((0,), environment="Acrobot-v1")
    with pytest.raises(DataError, match="chooses among 3 actions, the environment has"):
        trained((0,), data=DATA.replace(targets=np.eye(3)[np.arange(16) % 3]))


def test_it_conforms():
    check_stage(policy_gradient, options={"epochs": 2, "episodes": 2, "horizon": 5}, data=DATA)
