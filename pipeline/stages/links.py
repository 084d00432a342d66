"""Links: what turns a model's outputs into predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def predictions(outputs: Array, link: str, task: str) -> Array:
    """Return probabilities or values from raw outputs (..., outputs); the last axis becomes one a class.

    identity keeps values; softmax gives probabilities; sigmoid gives probabilities of the outputs each by
    itself, and for the task `classes` probabilities of the classes: of both where there is one output,
    and otherwise scaled to sum to 1.
    """
    if link == "softmax":
        return _softmax(outputs)
    if link == "identity":
        return outputs
    each = _sigmoid(outputs)
    if task != "classes":
        return each
    if outputs.shape[-1] == 1:
        return np.concatenate([_sigmoid(-outputs), each], axis=-1)
    total: Array = each.sum(axis=-1, keepdims=True)
    # where every class is all but impossible (0 / 0), the logits still tell which is the least so
    return np.where(total > 0, each / np.where(total > 0, total, 1), _softmax(outputs))


def _softmax(outputs: Array) -> Array:
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _sigmoid(outputs: Array) -> Array:
    # exact for logits of both signs, where 1 / (1 + exp(-z)) would overflow
    e = np.exp(-np.abs(outputs))
    return np.where(outputs >= 0, 1, e) / (1 + e)  # type: ignore[no-any-return]
