"""What a policy earns in its environment."""

import numpy as np

from pipeline import DataError, UserError, evaluate
from pipeline.options import Count, Natural


@evaluate
def episodes(
    model,
    data,
    *,
    environment: str = "CartPole-v1",
    count: Count = 20,
    horizon: Count = 500,
    seed: Natural = 1_000_000,
) -> dict[str, float]:
    """Play `count` episodes by the likeliest action; measure the mean return, its deviation, the least.

    Episodes start by `seed`, `horizon` steps at most.  `data` is not looked at: it tells what was trained on.
    """
    worlds = [_made(environment) for _ in range(count)]
    now = np.stack([np.asarray(w.reset(seed=seed + i)[0], np.float32) for i, w in enumerate(worlds)])
    returns, alive = np.zeros(count), np.ones(count, bool)
    for _ in range(horizon):
        if not alive.any():
            break
        predicted = model.predict_raw(now)
        _check_actions(predicted.shape[1], worlds[0], environment)
        actions = predicted.argmax(axis=1)
        for i in np.flatnonzero(alive):
            now[i], reward, ended, cut, _ = worlds[i].step(int(actions[i]))
            returns[i] += reward
            alive[i] = not (ended or cut)
    for world in worlds:
        world.close()
    found = {"mean_return": returns.mean(), "deviation": returns.std(), "least_return": returns.min()}
    return {name: float(value) for name, value in found.items()}


def _check_actions(outputs, world, name):
    if getattr(world.action_space, "n", None) != outputs:
        raise DataError(
            f"the model chooses among {outputs} actions, and {name} has {world.action_space}\n"
            "    train on data.environment of the same name"
        )


def _made(name):
    try:
        import gymnasium
    except ImportError as error:
        raise UserError("evaluate.episodes needs gymnasium\n    pip install 'plait[rl]'") from error
    try:
        return gymnasium.make(name)
    except gymnasium.error.Error as error:
        raise DataError(f"{name}: {error}\n    name an environment that gymnasium has") from error
