"""Categories as columns of 0 and 1."""

from typing import Literal

import numpy as np

from pipeline import DataError, OptionError, transform


@transform
def one_hot(
    data,
    rng,
    *,
    columns: tuple[str | int, ...] = (),
    targets: bool = False,
    unseen: Literal["error", "zeros"] = "error",
):
    """Replace each of `columns` (names or numbers) by one column for each value it has in the train rows.

    The new columns are named `column=value`.  A value that the train rows lack is an error, or zeros.
    `targets` replaces class numbers by rows of 0 and 1, for losses of numbers.
    """
    if not columns and not targets:
        raise OptionError("nothing to encode\n    name `columns` of the inputs, or say `targets: true`")
    return _encode_targets(_encode_columns(data, columns, unseen) if columns else data, targets)


def _encode_columns(data, columns, unseen):
    if data.inputs.ndim != 2:
        raise DataError(f"the inputs have shape {data.inputs.shape}; only columns of a table can be encoded")
    positions = sorted({data.column(column) for column in columns})
    train, _ = data.split("train")
    values = [np.unique(train[:, i]) for i in positions]
    return data.prepared_by(
        expanded,
        features=_names(data, positions, values),
        positions=np.array(positions),
        sizes=np.array([len(v) for v in values]),
        values=np.concatenate(values),
        strict=np.array(unseen == "error"),
    )


def expanded(inputs, positions, sizes, values, strict):
    """Return the inputs, column `positions[i]` replaced by `sizes[i]` columns, one for each of its values."""
    groups = dict(zip(positions.tolist(), np.split(values, np.cumsum(sizes)[:-1]), strict=True))
    columns = [_hot(inputs[:, i : i + 1], i, groups.get(i), bool(strict)) for i in range(inputs.shape[1])]
    return np.concatenate(columns, axis=1)


def _hot(column, position, values, strict):
    if values is None:
        return column
    hot = column == values
    unknown = np.flatnonzero(~hot.any(axis=1))
    if strict and unknown.size:
        raise DataError(
            f"column {position} holds {column[unknown[0], 0]:g} in row {unknown[0]}, which no train row has\n"
            f"    allowed: {', '.join(f'{v:g}' for v in values)}\n    or use `unseen: zeros`"
        )
    return hot.astype(column.dtype)


def _names(data, positions, values):
    old = data.features or tuple(f"column{i}" for i in range(data.inputs.shape[1]))
    new = {i: tuple(f"{old[i]}={value:g}" for value in v) for i, v in zip(positions, values, strict=True)}
    return tuple(name for i, kept in enumerate(old) for name in new.get(i, (kept,)))


def _encode_targets(data, targets):
    if not targets:
        return data
    if data.task != "classes":
        raise DataError(f"the targets are of task {data.task!r}; only classes can be encoded")
    rows = np.eye(len(data.classes), dtype=data.inputs.dtype)[data.targets]
    return data.replace(targets=rows, task="regression", classes=())
