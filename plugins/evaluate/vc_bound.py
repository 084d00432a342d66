"""A bound on a linear classifier's error, from its training rows alone."""

import math
from typing import Annotated

from annotated_types import Gt, Lt

from pipeline import DataError, capacity, evaluate

LINEAR = ("linear", "glm")


@evaluate
def vc_bound(
    model, data, *, confidence: Annotated[float, Gt(0), Lt(1)] = 0.95, split: str = "test"
) -> dict[str, float]:
    """Bound the expected error of a linear classifier of two classes; beside it the error on `split`.

    Its VC dimension is the number of inputs and 1.  Vapnik 1998, (4.41); see pipeline.capacity.
    """
    names = {leaf.stage.name for leaf in model.leaves}
    if len(model.leaves) != 1 or not names <= set(LINEAR) or len(data.classes) != 2:
        raise DataError(
            "the bound is for one linear classifier of two classes, and this is "
            f"{', '.join(sorted(names))} of {len(data.classes)}\n    use model.linear or model.glm"
        )
    dimension = math.prod(model.leaves[0].shape) + 1
    error = _error(model, data, "train")
    bound = capacity.vc_bound(error, len(data.rows("train")), dimension, confidence)
    measured = {"train_error": error, f"{split}_error": _error(model, data, split)}
    return {**measured, "bound": bound, "vc_dimension": float(dimension)}


def _error(model, data, split):
    _, labels = data.split(split)
    return float((model.predict_split(data, split).argmax(axis=1) != labels).mean())
