"""Negative log-likelihoods of classes from logits: exact for any logit, with a derivative that is finite."""

from __future__ import annotations

from pipeline.engine.dispatch import Value, as_dtype, shape_of, spec_of
from pipeline.engine.elementwise import softplus
from pipeline.engine.products import one_hot
from pipeline.engine.reductions import log_softmax, sum
from pipeline.errors import ShapeError


def cross_entropy(logits: Value, targets: Value) -> Value:
    """Return -Σ targets · log softmax(logits) along the last axis.

    `targets` are probabilities of the logits' shape, or class numbers of that shape without its last axis.
    """
    shape = shape_of(logits)
    if shape_of(targets) == shape[:-1] and spec_of(targets).dtype.kind in "iu":
        targets = one_hot(targets, shape[-1])
    if shape_of(targets) != shape:
        raise ShapeError(
            f"cross_entropy: targets {shape_of(targets)} do not fit logits {shape}; give class numbers "
            f"{shape[:-1]}, or one probability a class"
        )
    log_p = log_softmax(logits)
    return -sum(as_dtype(targets, spec_of(log_p).dtype) * log_p, axis=-1)


def binary_cross_entropy(logits: Value, targets: Value) -> Value:
    """Return -y log p - (1 - y) log(1 - p) of each element: p is the sigmoid of its logit, y its target."""
    if shape_of(targets) != shape_of(logits):
        raise ShapeError(
            f"binary_cross_entropy: targets {shape_of(targets)} do not fit logits {shape_of(logits)}; "
            "give one probability a logit"
        )
    y = as_dtype(targets, spec_of(softplus(logits)).dtype)
    # each term is exact for any logit; softplus(x) - y x would cancel for large ones
    return y * softplus(-logits) + (1.0 - y) * softplus(logits)
