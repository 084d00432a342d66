"""Few labels: most of the train rows lose their targets."""

import numpy as np

from pipeline import DataError, transform
from pipeline.options import Count


@transform
def unlabel(data, rng, *, labelled: Count = 10, repeat: Count = 1):
    """Keep the labels of `labelled` random train rows a class; the rest become the split `unlabelled`.

    Training never sees their targets; regularizers draw their inputs by `objective.unlabelled`.  Each
    labelled row stands `repeat` times in the train split, so that an epoch is long enough to see them.
    """
    rows = data.rows("train")
    if data.task != "classes":
        raise DataError("labels are taken from classes, but the targets are numbers\n    load classes")
    if "unlabelled" in data.splits:
        raise DataError("the data has a split `unlabelled` already\n    use one transform.unlabel")
    kept = np.concatenate([_some(data, rows, number, labelled, rng) for number in range(len(data.classes))])
    rest = np.setdiff1d(rows, kept)
    if not len(rest):
        raise DataError(f"no row is left unlabelled of {len(rows)}\n    keep fewer than {labelled} a class")
    return data.with_splits(train=np.tile(np.sort(kept), repeat), unlabelled=rest)


def _some(data, rows, number, count, rng):
    own = np.unique(rows[data.targets[rows] == number])
    if len(own) < count:
        raise DataError(
            f"class {data.classes[number]!r} has {len(own)} train rows, fewer than the {count} to keep\n"
            "    keep fewer labels, or load more rows"
        )
    return rng.choice(own, size=count, replace=False)
