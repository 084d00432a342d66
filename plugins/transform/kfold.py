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
    parts = list(_splitter(folds, stratify, rng).split(rows, data.targets[rows] if stratify else None))
    train, held_out = parts[fold]
    return data.with_splits(train=np.sort(rows[train]), validation=np.sort(rows[held_out]))


def _splitter(folds, stratify, rng):
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if stratify else KFold
    return kind(folds, shuffle=True, random_state=int(rng.integers(2**32)))


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
