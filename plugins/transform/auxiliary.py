"""Further targets, for heads beside the main output."""

from typing import Literal

import numpy as np

from pipeline import DataError, transform
from pipeline.options import Natural

UNKNOWN = -1


@transform
def auxiliary(
    data, rng, *, of: Literal["class", "parity", "ink"] = "parity", name: str = "", labelled: Natural = 0
):
    """Give each row a further target: its class number, the parity of that, or the mean of its inputs (ink).

    It is called `name`, by default as what it is `of`; ink is scaled to mean 0 and deviation 1 over the
    train rows.  With `labelled` only so many random train rows a class keep a class number or parity; of
    the others it is -1, unknown, and `regularizer.auxiliary` leaves them out.
    """
    if of == "ink":
        return _with(data, name or of, _ink(data), labelled)
    if data.task != "classes":
        raise DataError(
            f"{of} is of classes, but the targets are numbers\n    use `of: ink`, or load classes"
        )
    found = data.targets % (2 if of == "parity" else len(data.classes))
    if labelled:
        found = np.where(_hidden(data, labelled, rng), UNKNOWN, found)
    return _with(data, name or of, found, 0)


def _with(data, name, values, labelled):
    if labelled:
        raise DataError("ink is known of every row\n    leave `labelled` out")
    return data.replace(auxiliary={**data.auxiliary, name: values})


def _ink(data):
    means = data.inputs.reshape(len(data), -1).mean(axis=1, dtype=np.float64)
    train = means[data.rows("train")]
    return ((means - train.mean()) / (train.std() or 1.0)).astype(data.inputs.dtype)


def _hidden(data, labelled, rng):
    """Return a mask (rows,) of the train rows whose further target is not told."""
    rows = np.unique(data.rows("train"))
    hidden = np.zeros(len(data), bool)
    hidden[rows] = True
    for number in range(len(data.classes)):
        own = rows[data.targets[rows] == number]
        if len(own) < labelled:
            raise DataError(
                f"class {data.classes[number]!r} has {len(own)} train rows, fewer than {labelled} to keep\n"
                "    keep fewer labels, or load more rows"
            )
        hidden[rng.choice(own, size=labelled, replace=False)] = False
    return hidden
