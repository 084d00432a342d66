"""Blocks on the last axis, the features of a row, a word or a pixel: embedding, normalisation."""

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


def layer_norm(net: Net, x: Value, *, name: str, eps: float = 1e-5) -> Value:
    """Standardize the last axis, then scale and shift it.  Ba et al. 2016 (arXiv:1607.06450), eq. 4.

    `eps` is added to the variance.  The scale counts as a bias: no decay touches it.
    """
    features = x.shape[-1:]
    scale = net.parameter(f"{name}.scale", features, "ones", weight=False)
    shift = net.parameter(f"{name}.shift", features, "zeros", weight=False)
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred / ops.sqrt(variance + eps) * scale + shift
