"""Time series, cut into overlapping windows."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pipeline import DataError, DataSet, data
from pipeline.options import Count, Natural


@data
def series(
    *,
    path: str = "",
    array: str = "series",
    width: Count = 64,
    stride: Count = 1,
    anomaly: tuple[Natural, ...] = (),
    train: Natural = 0,
) -> DataSet:
    """Load windows (windows, width) of a series (steps,), an array of an .npz file, one each `stride` steps.

    Windows that lie within the first `train` steps are the train split, those that begin later the test
    split; 0 is no split.  Those that touch the steps from `anomaly[0]` to `anomaly[1]` have 1 as auxiliary
    target `anomaly`, others 0.  Without a path: 3,000 steps of a heart-like beat of 100, of which that from
    step 2,200 on is upside down.
    """
    values, marks = _drawn() if not path else (_read(Path(path), array), anomaly)
    starts = _starts(len(values), width, stride)
    windows = values[starts[:, None] + np.arange(width)]
    auxiliary = {} if not marks else {"anomaly": _touched(starts, width, marks, len(values))}
    return DataSet(windows, task="none", splits=_splits(starts, width, train), auxiliary=auxiliary)


def _drawn():
    steps = np.arange(3000)
    phase = steps % 100 / 100
    beat = np.exp(-(((phase - 0.3) / 0.03) ** 2)) + 0.3 * np.exp(-(((phase - 0.6) / 0.08) ** 2))
    upside_down = np.where(steps // 100 == 22, -1, 1)
    noise = 0.03 * np.random.Generator(np.random.Philox(0)).standard_normal(3000)
    return beat * upside_down + noise, (2200, 2299)


def _read(path, array):
    if not path.is_file():
        raise DataError(f"there is no file {path.absolute()}\n    give `path` from the current directory")
    try:
        # opened here because NumPy leaves a file open that is no .npz
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            names, found = file.files, file[array] if array in file.files else None
    except (OSError, EOFError, ValueError, TypeError, AttributeError, BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {error}\n    write it with numpy.savez") from error
    if found is None:
        raise DataError(f"{path} has no array {array!r}\n    allowed: {', '.join(names)}")
    if found.ndim != 1 or found.dtype.kind not in "biuf":
        raise DataError(
            f"array {array!r} of {path} is {found.dtype} of shape {found.shape}\n"
            "    allowed: numbers of shape (steps,)"
        )
    return found


def _starts(steps, width, stride):
    if steps < width:
        raise DataError(f"a series of {steps} steps has no window of {width}\n    take a smaller `width`")
    return np.arange(0, steps - width + 1, stride)


def _touched(starts, width, anomaly, steps):
    if len(anomaly) != 2 or not anomaly[0] <= anomaly[1] < steps:
        raise DataError(
            f"anomaly {list(anomaly)} is no first and last step of {steps}\n    give both, from 0"
        )
    return (starts <= anomaly[1]) & (starts + width > anomaly[0])


def _splits(starts, width, train):
    if not train:
        return {}
    parts = {"train": np.flatnonzero(starts + width <= train), "test": np.flatnonzero(starts >= train)}
    for name, rows in parts.items():
        if not len(rows):
            raise DataError(f"train {train} leaves no window for the split {name!r}\n    choose another")
    return parts
