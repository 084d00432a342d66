"""Inputs that go missing."""

import numpy as np

from pipeline import transform
from pipeline.options import Probability


@transform
def hide(data, rng, *, share: Probability = 0.3):
    """Remove a `share` of the inputs, each by itself at random: they become NaN, which means not there.

    This changes the data and not how inputs are prepared: predictions get theirs as they come.  Follow it by
    transform.impute or transform.mask.
    """
    gone = rng.random(data.inputs.shape) < share
    return data.replace(inputs=np.where(gone, np.nan, data.inputs).astype(data.inputs.dtype), missing=True)
