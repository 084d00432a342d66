"""Bootstrap samples, for bagging."""

import numpy as np

from pipeline import transform


@transform
def bootstrap(data, rng):
    """Draw as many train rows as there are, with replacement; other splits stay.

    Breiman 1996, Bagging Predictors.
    """
    rows = data.rows("train")
    return data.with_splits(train=np.sort(rng.choice(rows, size=len(rows), replace=True)))
