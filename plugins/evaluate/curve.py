"""A curve over the members of a committee: over train sizes, over capacities."""

import numpy as np

from pipeline import DataError, OptionError, evaluate, exhibits


@evaluate
def curve(
    model,
    data,
    *,
    x: tuple[float, ...] = (),
    name: str = "member",
    splits: tuple[str, ...] = ("train", "validation"),
):
    """Draw the error of each member of an ensemble on the splits, over `x`: what was swept, in its order.

    `NAME_rise` is the most that a split's error rises from one member to the next: 0 or less where it falls
    all the way; `NAME_least` is its least error.  Without `x` members are numbered from 1.
    """
    members = getattr(model, "members", ())
    if not members:
        raise DataError("a curve is over several models\n    give it an ensemble that gathers them")
    if x and len(x) != len(members):
        raise OptionError(f"x has {len(x)} numbers for {len(members)} models\n    allowed: one for each")
    errors = {split: np.array([_error(member, data, split) for member in members]) for split in splits}
    numbers = {}
    for split, values in errors.items():
        numbers[f"{split}_first"], numbers[f"{split}_last"] = float(values[0]), float(values[-1])
        numbers[f"{split}_least"] = float(values.min())
        numbers[f"{split}_rise"] = float(np.diff(values).max()) if len(values) > 1 else 0.0
    over = np.array(x or range(1, len(members) + 1), dtype=np.float64)
    drawn = exhibits.Lines(over, errors, f"Error over {name}", name, "error")
    return {**numbers, "curve": drawn}


def _error(model, data, split):
    _, targets = data.split(split)
    predicted = model.predict_split(data, split)
    if data.task == "classes":
        return (predicted.argmax(axis=1) != targets).mean()
    return np.square(predicted - targets.reshape(predicted.shape)).mean() ** 0.5
