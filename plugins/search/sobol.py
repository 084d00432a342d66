"""Combinations at the points of a sequence that fills space evenly."""

from numpy.random import default_rng

from pipeline import search
from pipeline.options import Count


@search
def sobol(space, rng, *, trials: Count = 32):
    """Propose settings at the first `trials` points of a scrambled Sobol sequence, best a power of two.

    Sobol 1967; scrambled as by Owen 1998.  Settings that rules of the sweep forbid, and such as come twice,
    are left out.
    """
    from scipy.stats.qmc import Sobol

    power = max(trials - 1, 0).bit_length()  # SciPy warns of counts that are none
    points = Sobol(len(space), rng=default_rng(rng.integers(2**63))).random_base2(power)[:trials]
    return space.proposed(points)
