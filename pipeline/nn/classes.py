"""Distributions over classes, from a model's outputs."""

from __future__ import annotations

from typing import Any

from pipeline.engine import ops
from pipeline.errors import DataError


def log_probabilities(outputs: Any, classes: int) -> Any:
    """Return log-probabilities (rows, classes) from logits; of two classes one logit tells the second's.

    DataError where there are no classes: their number is 0.
    """
    if not classes:
        raise DataError("it acts on probabilities of classes, but the targets are numbers\n    use classes")
    if outputs.shape[-1] == 1:
        return -ops.concatenate([ops.softplus(outputs), ops.softplus(-outputs)], axis=-1)
    return ops.log_softmax(outputs)


def entropy(log_p: Any) -> Any:
    """Return the entropy of each row in nats, (rows,), from log-probabilities (rows, classes)."""
    return -ops.sum(ops.exp(log_p) * log_p, axis=-1)


def divergence(log_p: Any, log_q: Any) -> Any:
    """Return the Kullback-Leibler divergence KL(p || q) of each row in nats, (rows,)."""
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
