"""Blocks on whole numbers: embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.engine import ops
from pipeline.stages.initializers import Initializer

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def embedding(
    net: Net, indices: Value, rows: int, width: int, *, name: str, init: str | Initializer = "normal"
) -> Value:
    """Look up a learned vector for each whole number 0..rows-1 of `indices`: (...) -> (..., width)."""
    table = net.parameter(f"{name}.weights", (rows, width), init)
    return ops.take(table, ops.cast(indices, "int64"))
