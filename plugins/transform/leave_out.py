"""A class that training never sees: the anomalies to be found."""

import numpy as np

from pipeline import DataError, nearest, transform


@transform
def leave_out(data, rng, *, name: str):
    """Take the rows of the class `name` out of all splits but the test split, and mark them there.

    The auxiliary targets `anomaly` are 1 for its rows and 0 for others, for evaluate.anomaly.  Splits must
    be there; test rows stay as they are.
    """
    if data.task != "classes":
        raise DataError(f"the targets are of task {data.task!r}; only a class can be left out")
    if name not in data.classes:
        raise DataError(
            f"there is no class {name!r}\n    allowed: {', '.join(data.classes)}\n"
            f"    {nearest(name, data.classes)}".rstrip()
        )
    if "test" not in data.splits:
        raise DataError(
            "there is no test split to find anomalies in\n    put transform.split before this one"
        )
    anomaly = data.targets == data.classes.index(name)
    kept = {split: rows[~anomaly[rows]] for split, rows in data.splits.items() if split != "test"}
    auxiliary = {**data.auxiliary, "anomaly": anomaly.astype(np.int64)}
    return data.with_splits(**kept).replace(auxiliary=auxiliary)
