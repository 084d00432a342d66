"""Smaller images."""

from typing import Annotated

from annotated_types import Ge

from pipeline import DataError, transform


@transform
def shrink(data, rng, *, factor: Annotated[int, Ge(2)] = 2):
    """Replace each cell of `factor` x `factor` pixels by its mean: images (height, width) or with channels.

    Rows and columns that fill no cell are cut off at the bottom and on the right.
    """
    shape = data.inputs.shape[1:]
    if len(shape) not in (2, 3) or min(shape[:2]) < factor:
        raise DataError(
            f"inputs of shape {shape} cannot be shrunk by {factor}\n"
            f"    allowed: images (height, width), with channels or without, of {factor} x {factor} or more"
        )
    return data.prepared_by(shrunk, features=(), factor=factor)


def shrunk(inputs, factor):
    """Return images (rows, height, width, ...) with the mean of each cell in its place."""
    size = int(factor)
    height, width = (n // size for n in inputs.shape[1:3])
    cut = inputs[:, : height * size, : width * size]
    cells = cut.reshape(len(inputs), height, size, width, size, *inputs.shape[3:])
    return cells.mean(axis=(2, 4), dtype=inputs.dtype)
