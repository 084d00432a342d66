"""Normalisation of activations: over the batch, over the features."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from pipeline.engine import ops

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly
Norm = Literal["none", "batch", "layer"]


def normalize(net: Net, x: Value, norm: Norm, *, name: str) -> Value:
    """Normalise activations (batch, ..., features) as `norm` says; `none` leaves them as they are."""
    if norm == "none":
        return x
    return (batch_norm if norm == "batch" else layer_norm)(net, x, name=name)


def batch_norm(net: Net, x: Value, *, name: str, momentum: float = 0.1, eps: float = 1e-5) -> Value:
    """Standardise each feature over the batch and all places, then scale and shift it.

    Ioffe & Szegedy 2015 (arXiv:1502.03167), algorithm 1 and 2.  Predictions use running means, the buffers
    `name.mean` and `name.variance`, which go to the minibatch's by the share `momentum` a step; as in
    PyTorch that variance is the unbiased one.  `eps` is added to the variance.  Scale and shift count as
    biases: no decay touches them.
    """
    features = x.shape[-1:]
    scale = net.parameter(f"{name}.scale", features, "ones", weight=False)
    shift = net.parameter(f"{name}.shift", features, "zeros", weight=False)
    mean = net.buffer(f"{name}.mean", features, 0.0)
    variance = net.buffer(f"{name}.variance", features, 1.0)
    if net.training:
        axes = tuple(range(x.ndim - 1))
        count = math.prod(x.shape[:-1])
        old = (mean, variance)
        mean = ops.mean(x, axis=axes)
        variance = ops.mean(ops.square(x - mean), axis=axes)
        unbiased = variance * (count / max(count - 1, 1))
        net.update(f"{name}.mean", (1 - momentum) * old[0] + momentum * mean)
        net.update(f"{name}.variance", (1 - momentum) * old[1] + momentum * unbiased)
    return (x - mean) / ops.sqrt(variance + eps) * scale + shift


def layer_norm(net: Net, x: Value, *, name: str, eps: float = 1e-5) -> Value:
    """Standardise the last axis, then scale and shift it.  Ba et al. 2016 (arXiv:1607.06450), eq. 4.

    `eps` is added to the variance.  The scale counts as a bias: no decay touches it.
    """
    features = x.shape[-1:]
    scale = net.parameter(f"{name}.scale", features, "ones", weight=False)
    shift = net.parameter(f"{name}.shift", features, "zeros", weight=False)
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred / ops.sqrt(variance + eps) * scale + shift
