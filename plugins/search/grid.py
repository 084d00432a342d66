"""Every combination."""

from pipeline import search


@search
def grid(space, rng):
    """Propose every combination of the values in `space`, the last key varying fastest."""
    return [setting for setting in space.combinations() if space.allows(setting)]
