"""Every combination."""

from itertools import product

from pipeline import search


@search
def grid(space, rng):
    """Propose every combination of the values in `space`, the last key varying fastest."""
    return [dict(zip(space, values, strict=True)) for values in product(*space.values())]
