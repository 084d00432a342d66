"""A part of the train rows, for learning curves."""

from typing import Annotated

import numpy as np
from annotated_types import Gt, Le

from pipeline import DataError, transform


@transform
def subset(data, rng, *, share: Annotated[float, Gt(0), Le(1)] = 0.5, stratify: bool = True):
    """Keep a share of the train rows, drawn at random; other splits stay.

    A smaller share is a part of a larger one.  `stratify` keeps the same share of every class.
    """
    rows = data.rows("train")
    groups = _classes(data, rows) if stratify and data.task == "classes" else [rows]
    kept = np.concatenate([rng.permutation(group)[: round(share * len(group))] for group in groups])
    if not len(kept):
        raise DataError(f"{share:g} of {len(rows)} train rows is no row\n    keep a larger share")
    return data.with_splits(train=np.sort(kept))


def _classes(data, rows):
    labels = data.targets[rows]
    return [rows[labels == label] for label in np.unique(labels)]
