"""NumPy's .npz files."""

from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, is_zipfile

import numpy as np

from pipeline import DataError, DataSet, data

UNCLEAR = 50  # more different whole numbers than this are classes only if the file says so


@data
def npz(
    *,
    path: str,
    inputs: str = "inputs",
    targets: str | None = "targets",
    task: Literal["auto", "classes", "regression"] = "auto",
) -> DataSet:
    """Load two arrays of an .npz file: inputs (rows, *features) and targets (rows, ...).

    `targets: null` loads inputs alone.  With the task `auto`, whole numbers and texts are classes, and
    other numbers are regression.  A relative path starts at the current directory.
    """
    if not Path(path).is_file():
        raise DataError(
            f"there is no file {Path(path).absolute()}\n    give `path` from the current directory"
        )
    names = (inputs,) if targets is None else (inputs, targets)
    arrays = _read(path, names)
    return DataSet(*arrays) if targets is None else _with_targets(*arrays, targets, task)


def _read(path, names):
    try:
        # opened here because NumPy leaves a file open that is no .npz
        with Path(path).open("rb") as handle, np.load(_zip(handle), allow_pickle=False) as file:
            return [_array(file, path, name) for name in names]
    except (BadZipFile, ValueError) as error:
        raise DataError(
            f"{path} is not an .npz file: {error}\n    write it with numpy.savez(path, inputs=x, targets=y)"
        ) from error


def _zip(handle):
    if not is_zipfile(handle):
        raise BadZipFile("it is no zip archive")
    handle.seek(0)
    return handle


def _array(file, path, name):
    if name not in file.files:
        near = get_close_matches(name, file.files, n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        raise DataError(
            f"{path} has no array {name!r}\n    allowed: {', '.join(file.files)}\n    {hint}".rstrip()
        )
    try:
        return file[name]
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        if "Object arrays" not in str(error):
            raise DataError(f"array {name!r} of {path} cannot be read: {error}") from error
        raise DataError(
            f"array {name!r} of {path} holds Python objects, and reading them could run code (pickle)\n"
            "    save it as numbers or fixed-width texts: array.astype(float) or array.astype(str)"
        ) from None


def _with_targets(inputs, targets, name, task):
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if task == "regression" or (task == "auto" and targets.dtype.kind == "f"):
        return DataSet(inputs, targets, task="regression")
    if targets.ndim > 1:
        raise DataError(
            f"array {name!r} has shape {targets.shape}, but classes are one number a row\n"
            "    use argmax(axis=1) before saving it, or `task: regression`"
        )
    if task == "auto" and targets.dtype.kind in "iu" and len(np.unique(targets)) > UNCLEAR:
        raise DataError(
            f"array {name!r} holds {len(np.unique(targets))} different whole numbers\n"
            "    say what they are: `task: classes` or `task: regression`"
        )
    whole = targets.dtype.kind == "f" and np.array_equal(targets, np.rint(targets))
    return DataSet.labelled(inputs, targets.astype(np.int64) if whole else targets)
