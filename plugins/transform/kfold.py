"""Cross-validation."""

from typing import Annotated

import numpy as np
from annotated_types import Ge

from pipeline import DataError, OptionError, transform
from pipeline.options import Natural


@transform
def kfold(data, rng, *, folds: Annotated[int, Ge(2)] = 5, fold: Natural = 0, stratify: bool = True):
    """Divide the rows in `folds` parts: number `fold` (from 0) is for validation, the others for training.

    Sweep `fold` to train on each.  Rows of a test split stay there; a validation split is divided anew.
    `stratify` gives each part the same share of every class.
    """
    if fold >= folds:
        raise OptionError(f"fold {fold} of {folds} folds\n    allowed: 0 to {folds - 1}")
    rows = data.rows("train")
    if "validation" in data.splits:
        rows = np.concatenate([rows, data.rows("validation")])
    if len(np.unique(rows)) < len(rows):
        raise DataError(
            "some train rows repeat, so they would be on both sides\n    put it before transform.bootstrap"
        )
    stratify = stratify and data.task == "classes"
    _check(data, rows, folds, stratify)
    order = rng.permutation(len(rows))
    if stratify:
        order = order[np.argsort(data.targets[rows][order], kind="stable")]
    # every fifth of the rows in their classes' order, say: a fifth of all, and of each class
    held_out = np.arange(len(rows)) % folds == fold
    return data.with_splits(train=np.sort(rows[order[~held_out]]), validation=np.sort(rows[order[held_out]]))


def _check(data, rows, folds, stratify):
    if len(rows) < folds:
        raise DataError(f"{len(rows)} rows cannot be divided in {folds} folds\n    use fewer folds")
    if not stratify:
        return
    for name, count in zip(
        data.classes, np.bincount(data.targets[rows], minlength=len(data.classes)), strict=True
    ):
        if 0 < count < folds:
            raise DataError(
                f"class {name!r} has {count} rows, fewer than the {folds} folds\n"
                "    use fewer folds, leave the class out, or use `stratify: false`"
            )
