"""The restricted Boltzmann machine."""

from math import prod

import numpy as np

from pipeline import model, ops
from pipeline.options import Count

COUNTED = 12  # hidden units up to which all their states are summed over


@model
def rbm(x, net, *, hidden: Count = 64, steps: Count = 1, burn_in: Count = 500):
    """Fit binary inputs by hidden units: (batch, *features) -> the inputs expected, (batch, features).

    F(x) = -b·x - Σ softplus(c + x W), the free energy, is log p(x) up to sign and a constant.  The model's
    own cost is F(x) - F(x') in training, x' being `steps` of Gibbs sampling away from x, whose gradient is
    that of contrastive divergence (Hinton 2002; Fischer & Igel 2012, algorithm 1), and F(x) elsewhere: train
    it with loss.cost on targets of transform.reconstruct.  Head: `log_density` (batch, 1) in nats, for up to
    12 hidden units, whose states are counted.  Samples are taken after `burn_in` steps from noise.
    """
    x = ops.flatten(x)
    features = prod(x.shape[1:])
    w = net.parameter("weights", (features, hidden), lambda rng, shape: 0.01 * rng.standard_normal(shape))
    b = net.parameter("visible.bias", (features,), "zeros", weight=False)
    c = net.parameter("hidden.bias", (hidden,), "zeros", weight=False)
    energy = _free_energy(x, w, b, c)
    if hidden <= COUNTED:
        net.head("log_density", -energy - _log_partition(w, b, c))
    net.sampler(lambda rng, count: _sample(rng, count, w, b, c, burn_in))
    net.cost((energy - _away(net, x, w, b, c, steps) if net.training else energy)[:, 0])
    return ops.sigmoid(ops.sigmoid(x @ w + c) @ ops.transpose(w) + b)


def _away(net, x, w, b, c, steps):
    """Return F(x'), (batch, 1), x' being drawn by `steps` of Gibbs sampling from x."""
    away = x
    for _ in range(steps):
        h = net.rng.bernoulli(ops.sigmoid(away @ w + c), (x.shape[0], w.shape[1]))
        away = net.rng.bernoulli(ops.sigmoid(h @ ops.transpose(w) + b), x.shape)
    return _free_energy(ops.stop_gradient(away), w, b, c)


def _free_energy(x, w, b, c):
    return -ops.sum(x * b, axis=-1, keepdims=True) - ops.sum(ops.softplus(x @ w + c), axis=-1, keepdims=True)


def _log_partition(w, b, c):
    """Return log Z, a scalar: Σ over all hidden states h of e^{c·h} Π (1 + e^{b + W h})."""
    hidden = w.shape[1]
    states = (np.arange(2**hidden)[:, None] >> np.arange(hidden) & 1).astype(w.dtype)
    each = ops.sum(states * c, axis=-1) + ops.sum(ops.softplus(states @ ops.transpose(w) + b), axis=-1)
    return ops.logsumexp(each)


def _sample(rng, count, w, b, c, burn_in):
    x = (rng.random((count, w.shape[0])) < 0.5).astype(float)
    for _ in range(burn_in):
        h = rng.random((count, w.shape[1])) < ops.sigmoid(x @ w + c)
        p = ops.sigmoid(h @ w.T + b)
        x = (rng.random(p.shape) < p).astype(float)
    return p  # the probabilities look less rough than draws of them
