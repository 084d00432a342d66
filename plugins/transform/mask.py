"""Missing inputs, marked."""

import numpy as np

from pipeline import DataError, transform


@transform
def mask(data, rng):
    """Put 0 in the place of missing inputs (NaN) and add a column for each: 1 where it is there, else 0.

    (rows, features) become (rows, 2 · features).  Standardize before it, so that 0 is the mean; a net sees
    what was missing, model.class_gaussians integrates it out.
    """
    if data.inputs.ndim != 2:
        raise DataError(f"the inputs have shape {data.inputs.shape}; only a table can be masked")
    names = (*data.features, *(f"has {name}" for name in data.features))
    return data.prepared_by(masked, features=names).replace(missing=False)


def masked(inputs):
    """Return the inputs (rows, features) with 0 for NaN, beside which of them are there."""
    there = ~np.isnan(inputs)
    return np.concatenate([np.where(there, inputs, 0), there], axis=1).astype(inputs.dtype)
