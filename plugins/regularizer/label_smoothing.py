"""Targets that are not quite certain."""

from pipeline import DataError, regularizer
from pipeline.options import Fraction


@regularizer
def label_smoothing(objective, *, rate: Fraction = 0.1):
    """Give every class an equal part of `rate`, and the labelled one the rest besides.

    So weights need not grow for ever towards certainty.  Szegedy et al. 2016 (arXiv:1512.00567), section 7.
    """
    if not objective.classes:
        raise DataError(
            "label smoothing needs targets that are classes, these are numbers\n"
            "    use regularizer.noise with `on: targets` for numbers"
        )
    objective.on_targets(lambda targets, rng: (1 - rate) * targets + rate / objective.classes)
