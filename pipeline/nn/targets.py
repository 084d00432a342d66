"""Targets in the form that a loss compares with a model's outputs."""

from __future__ import annotations

from typing import Any

from pipeline.engine import ops
from pipeline.errors import ShapeError

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def as_columns(targets: Value, outputs: Value, columns: int, who: str) -> Value:
    """Return targets (batch,) or (batch, columns) as numbers (batch, columns), in the outputs' dtype.

    A ShapeError names the loss `who` and both shapes where there are not as many.
    """
    if targets.ndim == 1:
        targets = ops.expand_dims(targets, -1)
    if targets.shape != (outputs.shape[0], columns):
        raise ShapeError(
            f"{who}: targets {tuple(targets.shape)} do not fit outputs {tuple(outputs.shape)}, "
            f"which are for {columns} columns\n    give one number for each column of the targets"
        )
    return ops.cast(targets, outputs.dtype)
