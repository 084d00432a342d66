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
    splits = {}
    for name, size in sizes.items():
        if not 0 < size < len(rows):
            raise DataError(
                f"{shares[name]:g} of {len(data)} rows is no row for {name!r}\n    give it a larger share"
            )
        rows, splits[name] = _part(data, rows, size, stratify, rng)
    return data.with_splits(train=rows, **splits)


def _part(data, rows, size, stratify, rng):
    from sklearn.model_selection import train_test_split

    state = int(rng.integers(2**32))
    labels = data.targets[rows] if stratify else None
    try:
        rest, part = train_test_split(rows, test_size=size, random_state=state, stratify=labels)
    except ValueError as error:
        raise DataError(f"{len(rows)} rows cannot be split: {error}\n    or use `stratify: false`") from error
    return np.sort(rest), np.sort(part)


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
