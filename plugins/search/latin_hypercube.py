"""Combinations that share every axis evenly."""

from numpy.random import default_rng

from pipeline import search
from pipeline.options import Count


@search
def latin_hypercube(space, rng, *, trials: Count = 20):
    """Propose `trials` settings, one in each of as many equal parts of every axis.

    McKay, Beckman & Conover 1979.  Settings that rules of the sweep forbid, and such as come twice, are
    left out.
    """
    from scipy.stats.qmc import LatinHypercube

    points = LatinHypercube(len(space), rng=default_rng(rng.integers(2**63))).random(trials)
    return space.proposed(points)
