"""An environment of gymnasium, as far as a net has to know it."""

import numpy as np

from pipeline import DataError, DataSet, UserError, data
from pipeline.options import Count, Natural


@data
def environment(*, name: str = "CartPole-v1", rows: Count = 256, seed: Natural = 0) -> DataSet:
    """Let chance act in an environment: inputs are what it shows, targets the actions, one column each.

    It tells a net the spaces; train.policy_gradient makes its own examples.  Only the share of each action
    in the targets has a meaning.  Actions must be a choice of several, observations an array of numbers.
    """
    try:
        import gymnasium
    except ImportError as error:
        raise UserError("data.environment needs gymnasium\n    pip install 'plait[rl]'") from error
    try:
        world = gymnasium.make(name)
    except gymnasium.error.Error as error:
        raise DataError(f"{name}: {error}\n    name an environment that gymnasium has") from error
    with world:
        count = getattr(world.action_space, "n", None)
        if count is None or not isinstance(world.observation_space, gymnasium.spaces.Box):
            raise DataError(
                f"{name} has actions {world.action_space} and observations {world.observation_space}\n"
                "    allowed: a choice of several actions, observations that are arrays"
            )
        seen, actions = _walk(world, rows, int(count), seed)
    return DataSet(seen, np.eye(int(count), dtype=np.float32)[actions], "regression")


def _walk(world, rows, count, seed):
    """Return the observations (rows, ...) and the actions (rows,) of a walk at random."""
    actions = np.random.default_rng(seed).integers(count, size=rows)
    observation, _ = world.reset(seed=seed)
    seen = []
    for action in actions:
        seen.append(np.asarray(observation, dtype=np.float32))
        observation, _, ended, cut, _ = world.step(int(action))
        if ended or cut:
            observation, _ = world.reset()
    return np.stack(seen), actions
