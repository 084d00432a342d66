"""Train, validation and test rows."""

import numpy as np

from pipeline import DataError, OptionError, transform
from pipeline.options import Probability


@transform
def split(data, rng, *, validation: Probability = 0.15, test: Probability = 0.15, stratify: bool = True):
    """Divide the train rows at random; `validation` and `test` are shares of all of them, 0 for none.

    A test or validation split that the data has already stays as it is.  `stratify` gives each split
    the same share of every class.
    """
    if validation + test >= 1:
        raise OptionError(
            f"validation {validation:g} and test {test:g} leave no rows to train on\n    make them less"
        )
    rows = data.rows("train")
    if len(np.unique(rows)) < len(rows):
        raise DataError(
            "some train rows repeat, so they would be on both sides\n    split before transform.bootstrap"
        )
    shares = {"test": test, "validation": validation}
    sizes = {
        name: round(share * len(rows)) for name, share in shares.items() if share and name not in data.splits
    }
    stratify = stratify and data.task == "classes"
    if stratify:
        _check_classes(data, rows, sizes)
    _check_sizes(data, rows, sizes, shares)
    labels = data.targets[rows] if stratify else np.zeros(len(rows), np.int64)
    table = _table(np.bincount(labels), [len(rows) - sum(sizes.values()), *sizes.values()])
    if stratify:
        _check_train(data, table)
    parts = _parts(rows, labels, table, rng)
    return data.with_splits(**dict(zip(("train", *sizes), parts, strict=True)))


def _table(counts, sizes):
    """Return how many rows of each class (columns) each split gets (rows): its share, up to one row.

    Every split has at least its share rounded down.  What is missing goes, class by class, to the splits
    that lack most (the exchange argument of Gale and Ryser: so all sums come out).
    """
    shares = np.outer(sizes, counts)
    table, rest = shares // counts.sum(), shares % counts.sum()
    lacking = sizes - table.sum(axis=1)
    for label, missing in enumerate(counts - table.sum(axis=0)):
        chosen = np.lexsort((-rest[:, label], -lacking))[:missing]
        table[chosen, label] += 1
        lacking[chosen] -= 1
    return table


def _parts(rows, labels, table, rng):
    """Return the rows of each split, drawn at random from each class."""
    order = rng.permutation(len(rows))
    order = order[np.argsort(labels[order], kind="stable")]
    splits, classes = table.shape
    owner = np.repeat(np.tile(np.arange(splits), classes), table.T.reshape(-1))
    return [np.sort(rows[order[owner == split]]) for split in range(splits)]


def _check_sizes(data, rows, sizes, shares):
    left = len(rows)
    for name, size in sizes.items():
        if not 0 < size < left:
            raise DataError(
                f"{shares[name]:g} of {len(data)} rows is no row for {name!r}\n    give it a larger share"
            )
        left -= size


def _check_train(data, table):
    counts = table.sum(axis=0)
    for label in np.flatnonzero((counts > 0) & (table[0] == 0)):
        raise DataError(
            f"class {data.classes[label]!r} has {counts[label]} rows, and none would be left to train on\n"
            "    load more rows of it, give more rows to training, or use `stratify: false`"
        )


def _check_classes(data, rows, sizes):
    counts = np.bincount(data.targets[rows], minlength=len(data.classes))
    for name, count in zip(data.classes, counts, strict=True):
        if 0 < count <= len(sizes):
            raise DataError(
                f"class {name!r} has {count} rows, too few to be in each of the {len(sizes) + 1} splits\n"
                "    load more rows of it, leave it out, or use `stratify: false`"
            )
    present = int((counts > 0).sum())
    for name, size in sizes.items():
        if size < present:
            raise DataError(
                f"split {name!r} gets {size} rows, fewer than the {present} classes\n"
                "    give it a larger share, or use `stratify: false`"
            )
