"""What an ensemble learns before it predicts: from its members' predictions on the validation split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, StageError
from pipeline.stages.tables import VALIDATION

if TYPE_CHECKING:
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.predictor import Predictor
    from pipeline.stages.stage import Stage

Array = NDArray[Any]


def learned_by(
    stage: Stage,
    options: Mapping[str, Any],
    members: Sequence[Predictor],
    data: DataSet | None,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Return what the ensemble `stage` learns, arrays by name; nothing if it is one that does not learn.

    `data` is the data set that all members trained on, None if they trained on several: rows that one of
    them holds out may be rows that another one trained on.
    """
    if stage.learn is None:
        return {}
    if data is None:
        raise DataError(
            "the members trained on different data sets (folds, bags), so no row is surely new to all of them"
            "\n    let them train on one data set, or combine them by ensemble.average, which does not learn"
        )
    if VALIDATION not in data.splits:
        raise DataError(
            "it learns on the validation split, and the members' data has none\n"
            "    give transform.split a share for validation"
        )
    predictions = np.stack([member.predict_split(data, VALIDATION) for member in members])
    targets = data.split(VALIDATION)[1]
    return checked(stage.learn(predictions, targets, rng, **options))


def checked(learned: Any) -> dict[str, Array]:
    """Return what an ensemble learned as arrays; StageError for what is none, or not finite."""
    if not isinstance(learned, Mapping):
        raise StageError(f"learned {type(learned).__name__} instead of a mapping of name to array")
    arrays = {str(name): np.asarray(array) for name, array in learned.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise StageError(f"learned {name} of {array.dtype}, which are not all finite numbers")
    return arrays
