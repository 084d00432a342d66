"""What is lost between the rows that a model was trained on and others."""

import numpy as np

from pipeline import DataError, evaluate, exhibits


@evaluate
def generalisation(model, data, *, splits: tuple[str, ...] = ("train", "validation", "test")):
    """Measure error and loss on each split that there is, and the gaps between training and the others.

    The error is the share of wrong classes, or of numbers the root of the mean squared error.
    """
    there = [name for name in splits if name in data.splits]
    if len(there) < 2:
        raise DataError(
            f"the data has the splits {', '.join(data.splits) or 'none'}, and a gap is between two\n"
            "    put a transform.split before it"
        )
    errors = {name: _error(model, data, name) for name in there}
    losses = {name: model.loss(data, name) for name in there}
    first, *others = there
    return {
        **{f"{name}_error": error for name, error in errors.items()},
        **{f"{name}_loss": loss for name, loss in losses.items()},
        **{f"{name}_gap": errors[name] - errors[first] for name in others},
        "splits": exhibits.Table(
            ("split", "rows", "error", "loss"),
            [(name, len(data.rows(name)), errors[name], losses[name]) for name in there],
            caption="Error and loss by split",
        ),
    }


def _error(model, data, split):
    _, targets = data.split(split)
    predicted = model.predict_split(data, split)
    if data.task == "classes":
        return float((predicted.argmax(axis=1) != targets).mean())
    return float(np.square(predicted - targets.reshape(predicted.shape)).mean() ** 0.5)
