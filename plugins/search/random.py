"""Combinations drawn at random."""

from pipeline import search
from pipeline.options import Count

DRAWS = 200  # for one new setting: then there are hardly any left


@search
def random(space, rng, *, trials: Count = 20):
    """Propose `trials` different settings of the values and ranges in `space`, or all where there are fewer.

    Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization.
    """
    if space.count is not None and space.count <= 2 * trials:
        return _shuffled(space, rng)[:trials]
    found = {}
    for _ in range(trials * DRAWS):
        setting = space.at(rng.random(len(space)).tolist())
        if space.allows(setting):
            found.setdefault(repr(setting), setting)
        if len(found) == trials:
            break
    return list(found.values())


def _shuffled(space, rng):
    every = [setting for setting in space.combinations() if space.allows(setting)]
    return [every[i] for i in rng.permutation(len(every))]
