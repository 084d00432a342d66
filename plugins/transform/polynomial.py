"""Powers of the inputs, so that a linear model can bend."""

import numpy as np

from pipeline import DataError, transform
from pipeline.options import Count


@transform
def polynomial(data, rng, *, degree: Count = 2):
    """Put the powers 1 to `degree` of each column in its place, without products of columns.

    Scale the inputs before (transform.standardize): high powers of large numbers lose their digits.
    """
    if data.inputs.ndim != 2:
        raise DataError(
            f"polynomial takes a table, and the inputs have shape {data.inputs.shape}\n"
            "    use it on data of columns"
        )
    names = tuple(
        name if power == 1 else f"{name}^{power}" for power in range(1, degree + 1) for name in data.features
    )
    return data.prepared_by(powers, features=names, degree=np.array(degree))


def powers(inputs, degree):
    """Return the powers 1 to `degree` of all columns, one power after the other."""
    return np.concatenate([inputs**power for power in range(1, int(degree) + 1)], axis=1)
