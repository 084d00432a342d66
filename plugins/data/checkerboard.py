"""A checkerboard in any number of dimensions."""

import numpy as np

from pipeline import DataSet, OptionError, data
from pipeline.options import Count, Natural


@data
def checkerboard(
    *,
    rows: Count = 2000,
    dimensions: Count = 2,
    relevant: Count | None = None,
    cells: Count = 2,
    seed: Natural = 0,
) -> DataSet:
    """Draw rows at random from the unit cube; their class is the colour of their field, black or white.

    Each of the first `relevant` axes (by default all) is cut into `cells`; the colour is the parity of the
    sum of a row's cell numbers.  With 2 cells it is the parity function.  The same for the same `seed`.
    """
    counted = dimensions if relevant is None else relevant
    if counted > dimensions:
        raise OptionError(f"{counted} relevant axes of {dimensions}\n    allowed: 1 to {dimensions}")
    inputs = np.random.default_rng(seed).random((rows, dimensions)).astype(np.float32)
    fields = np.minimum((inputs[:, :counted] * cells).astype(np.int64), cells - 1)
    return DataSet(inputs, fields.sum(axis=1) % 2, "classes", ("black", "white"))
