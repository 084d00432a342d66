"""Combinations drawn at random."""

from math import prod

import numpy as np

from pipeline import search
from pipeline.options import Count


@search
def random(space, rng, *, trials: Count = 20):
    """Propose `trials` different combinations of the values in `space`, or all where there are fewer.

    Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization.
    """
    sizes = [len(values) for values in space.values()]
    wanted = min(trials, prod(sizes))
    draw = _shuffled if 2 * wanted > prod(sizes) else _drawn
    return [
        {name: values[i] for (name, values), i in zip(space.items(), choice, strict=True)}
        for choice in draw(sizes, wanted, rng)
    ]


def _shuffled(sizes, wanted, rng):
    numbers = rng.permutation(prod(sizes))[:wanted]
    return np.stack(np.unravel_index(numbers, sizes), axis=1).tolist() if sizes else [[]]


def _drawn(sizes, wanted, rng):
    """Draw until there are enough: at most half of all are wanted, so half of the draws or more are new."""
    chosen: dict[tuple[int, ...], None] = {}
    while len(chosen) < wanted:
        chosen[tuple(rng.integers(sizes).tolist())] = None
    return chosen
