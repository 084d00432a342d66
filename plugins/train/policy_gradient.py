"""Learning from interaction: the policy gradient."""

from contextlib import ExitStack

import numpy as np

from pipeline import DataError, UserError, train
from pipeline.options import Count, Fraction


@train
def policy_gradient(
    fit,
    *,
    environment: str = "CartPole-v1",
    epochs: Count = 100,
    episodes: Count = 8,
    horizon: Count = 500,
    discount: Fraction = 0.99,
):
    """Play `episodes` in each epoch, `horizon` steps at most, then step once towards what did better.

    The net's outputs are logits of actions: use data.environment and loss.policy.  Returns are discounted;
    the baseline is their mean over the episodes that last as long, so that no critic is needed, and
    advantages are scaled to unit variance.  Williams 1992, REINFORCE with a baseline.  Environments and
    actions depend on the trial's seed alone.
    """
    with ExitStack() as stack:
        worlds = [stack.enter_context(_made(environment)) for _ in range(len(fit.members) * episodes)]
        for epoch in fit.epochs(epochs):
            played = [worlds[i : i + episodes] for i in range(0, len(fit.members) * episodes, episodes)]
            seen, taken, rewards, alive = _play(fit, played, epoch, horizon)
            gains = np.stack([_advantages(*pair, discount) for pair in zip(rewards, alive, strict=True)])
            fit.step_on(*_examples(seen, taken, gains, alive))


def _made(name):
    try:
        import gymnasium
    except ImportError as error:
        raise UserError("train.policy_gradient needs gymnasium\n    pip install 'plait[rl]'") from error
    try:
        return gymnasium.make(name)
    except gymnasium.error.Error as error:
        raise DataError(f"{name}: {error}\n    name an environment that gymnasium has") from error


def _play(fit, worlds, epoch, horizon):
    """Return what was seen (members, horizon, episodes, ...), actions as 0 and 1, rewards, who was alive."""
    sources = [np.random.default_rng([seed % 2**64, epoch]) for seed in fit.seeds]
    chances = np.stack([source.random((horizon, len(worlds[0]))) for source in sources])
    starts = [source.integers(2**31, size=len(worlds[0])) for source in sources]
    now = np.stack([_reset(*pair) for pair in zip(worlds, starts, strict=True)])
    seen = np.zeros((len(worlds), horizon, *now.shape[1:]), now.dtype)
    taken = np.zeros((*seen.shape[:3], _actions(fit.outputs(now), worlds[0][0])), now.dtype)
    rewards, alive = np.zeros(seen.shape[:3]), np.zeros(seen.shape[:3], bool)
    here = np.ones(now.shape[:2], bool)
    for t in range(horizon):
        if not here.any():
            break
        seen[:, t], alive[:, t] = now, here
        actions = _chosen(fit.outputs(now), chances[:, t])
        taken[:, t] = np.eye(taken.shape[-1])[actions]
        for one in map(tuple, np.argwhere(here)):
            now[one], rewards[one[0], t, one[1]], here[one] = _stepped(worlds[one[0]][one[1]], actions[one])
    return seen, taken, rewards, alive


def _stepped(world, action):
    observation, reward, ended, cut, _ = world.step(int(action))
    return observation, reward, not (ended or cut)


def _actions(logits, world):
    """Return the number of actions, which the net's outputs must have."""
    if getattr(world.action_space, "n", None) != logits.shape[-1]:
        raise DataError(
            f"the net chooses among {logits.shape[-1]} actions, the environment has {world.action_space}\n"
            "    take data.environment of the same name, and leave the net's `outputs` out"
        )
    return logits.shape[-1]


def _reset(worlds, seeds):
    return np.stack(
        [
            np.asarray(world.reset(seed=int(seed))[0], np.float32)
            for world, seed in zip(worlds, seeds, strict=True)
        ]
    )


def _chosen(logits, chances):
    """Draw an action from the softmax of its logits (..., actions), by a chance (...) in [0, 1)."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares = np.cumsum(powers / powers.sum(axis=-1, keepdims=True), axis=-1)
    return np.minimum((chances[..., None] >= shares).sum(axis=-1), logits.shape[-1] - 1)


def _advantages(rewards, alive, discount):
    """Return discounted returns (horizon, episodes) less their mean at each step, scaled; 0 after the end."""
    returns, after = np.zeros_like(rewards), np.zeros(rewards.shape[1])
    for t in reversed(range(len(rewards))):
        after = rewards[t] + discount * after
        returns[t] = after
    baseline = (returns * alive).sum(axis=1) / np.maximum(alive.sum(axis=1), 1)
    gains = (returns - baseline[:, None]) * alive
    return gains / (gains[alive].std() + 1e-8)


def _examples(seen, taken, gains, alive):
    """Return inputs (members, rows, ...) and targets (members, rows, actions) of all steps.

    Rows after an episode's end count 0.  The loss is a mean over all rows, so what counts is scaled up.
    """
    members, rows = len(seen), int(np.prod(seen.shape[1:3]))
    scale = rows / alive.sum(axis=(1, 2))
    targets = taken * (gains * scale[:, None, None])[..., None]
    return seen.reshape(members, rows, *seen.shape[3:]), targets.reshape(members, rows, -1)
