"""Mixtures of Gaussians."""

from math import log, pi, prod
from typing import Literal

import numpy as np

from pipeline import model, ops
from pipeline.options import Count, Positive


@model
def mixture(
    x,
    net,
    *,
    components: Count = 8,
    covariance: Literal["full", "diagonal"] = "full",
    by: Literal["gradient", "em"] = "gradient",
    ridge: Positive = 1e-6,
):
    """Fit a mixture of Gaussians to the inputs: (batch, *features) -> (batch, features), the means expected.

    The negative log-density, in nats, is the model's own cost: train it with loss.cost on targets of
    transform.reconstruct, on standardized inputs.  By `gradient` it has parameters as any model; by `em`
    each step is one iteration of expectation and maximisation on the minibatch (Bishop 2006, section 9.2.2),
    whatever the optimizer, so let a minibatch be all rows.  `ridge` is added to the variances there.
    Heads: `log_density` (batch, 1) and `log_share` (batch, components), log p(component | x).
    """
    x = ops.flatten(x)
    shape = (components, prod(x.shape[1:]))
    log_share, means, factors = (_known if by == "em" else _learned)(net, shape, covariance)
    joint = log_share + _log_normal(x, means, factors)
    density = ops.logsumexp(joint, axis=-1, keepdims=True)
    if by == "em" and net.training:
        _maximise(net, x, ops.exp(joint - density), covariance, ridge)
    net.head("log_density", density)
    net.head("log_share", joint - density)
    net.cost(-density[:, 0])
    net.sampler(lambda rng, count: _sample(rng, count, log_share, means, factors))
    return ops.exp(joint - density) @ means


def _learned(net, shape, covariance):
    """Return log shares (k,), means (k, d) and factors F, F Fᵀ the precision, all from parameters."""
    k, d = shape
    log_share = ops.log_softmax(net.parameter("shares", (k,), "zeros", weight=False))
    means = net.parameter("means", shape, "normal", weight=False)
    # The logarithm keeps the diagonal above 0.
    diagonal = ops.exp(net.parameter("log_scales", shape, "zeros", weight=False))
    if covariance == "diagonal":
        return log_share, means, diagonal
    above = net.parameter("factors", (k, d, d), "zeros", weight=False) * np.triu(np.ones((d, d)), 1)
    return log_share, means, above + ops.expand_dims(diagonal, -1) * np.eye(d)


def _known(net, shape, covariance):
    """Return the same from buffers, which `_maximise` changes."""
    k, d = shape
    log_share = ops.log(net.buffer("shares", (k,), 1 / k))
    means = net.buffer("means", shape, "normal")
    if covariance == "diagonal":
        return log_share, means, net.buffer("factors", shape, "ones")
    return log_share, means, net.buffer("factors", (k, d, d), _identities)


def _identities(rng, shape):
    return np.broadcast_to(np.eye(shape[-1]), shape).copy()


def _log_normal(x, means, factors):
    """Return the log-density of each row under each Gaussian, (batch, k)."""
    constant = -0.5 * x.shape[1] * log(2 * pi)
    if factors.ndim == 2:
        white = (ops.expand_dims(x, 1) - means) * factors
        return constant - 0.5 * ops.sum(ops.square(white), axis=-1) + ops.sum(ops.log(factors), axis=-1)
    white = x @ factors - ops.expand_dims(means, 1) @ factors
    distance = ops.transpose(ops.sum(ops.square(white), axis=-1))
    # elements off the diagonal are taken out of the logarithm
    eye = np.eye(x.shape[1])
    return constant - 0.5 * distance + ops.sum(ops.log(factors * eye + (1 - eye)), axis=(-2, -1))


def _maximise(net, x, shares, covariance, ridge):
    """Update shares, means and factors: those that the rows' `shares` of the components make likeliest."""
    eps = 10 * np.finfo(x.dtype).eps  # a component that no row has stays finite, as in scikit-learn
    total = ops.sum(shares, axis=0) + eps
    means = ops.transpose(shares) @ x / ops.expand_dims(total, -1)
    net.update("shares", total / ops.sum(total))
    net.update("means", means)
    if covariance == "diagonal":
        spread = ops.square(ops.expand_dims(x, 1) - means)
        variance = ops.sum(ops.expand_dims(shares, -1) * spread, axis=0) / ops.expand_dims(total, -1)
        net.update("factors", 1 / ops.sqrt(variance + ridge))
        return
    centred = x - ops.expand_dims(means, 1)
    weighted = centred * ops.expand_dims(ops.transpose(shares), -1)
    scatter = ops.swapaxes(weighted, -1, -2) @ centred / ops.reshape(total, (-1, 1, 1))
    net.update("factors", _whitening(scatter + ridge * np.eye(x.shape[1])))


def _whitening(covariance):
    """Return upper triangular F with F Fᵀ the inverse of each covariance (k, d, d): Cholesky's L, L⁻ᵀ."""
    d = covariance.shape[-1]
    # Elimination of [C | I] leaves [D Uᵀ | U⁻¹] for C = U D Uᵀ, U lower triangular with ones.
    rows = ops.concatenate([covariance, covariance * 0 + np.eye(d)], axis=-1)
    pivots = []
    for j in range(d):
        pivot = rows[:, j : j + 1, j : j + 1]
        below = rows[:, :, j : j + 1] / pivot * (np.arange(d) > j).reshape(-1, 1)
        rows = rows - below * rows[:, j : j + 1, :]
        pivots.append(pivot)
    scales = ops.sqrt(ops.concatenate(pivots, axis=1))
    return ops.swapaxes(rows[:, :, d:] / scales, -1, -2)


def _sample(rng, count, log_share, means, factors):
    chosen = rng.choice(len(means), size=count, p=np.exp(log_share) / np.exp(log_share).sum())
    noise = rng.standard_normal((count, means.shape[1]))
    if factors.ndim == 2:
        return means[chosen] + noise / factors[chosen]
    return means[chosen] + np.linalg.solve(np.swapaxes(factors[chosen], 1, 2), noise[..., None])[..., 0]
