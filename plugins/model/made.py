"""The masked autoencoder of densities."""

from math import prod

import numpy as np

from pipeline import model, nn, ops
from pipeline.options import Count


@model
def made(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (256,),
    activation: nn.PlainActivation = "relu",
    direct: bool = True,
):
    """Give logits (batch, features) of each binary input given those before it, from (batch, *features).

    Germain et al. 2015 (arXiv:1502.03509): masks on the weights leave output i only paths from inputs before
    i, so that the product of the outputs' probabilities is a density that sums to 1.  `direct` adds paths
    from inputs to outputs (equation 10).  Train it by loss.bernoulli on targets of transform.reconstruct: the
    loss is the negative log-likelihood.  Inputs are 0 or 1.  Head: `log_density` (batch, 1) in nats.
    """
    x = ops.flatten(x)
    logits = _logits(net, prod(x.shape[1:]), hidden, ops.activation(activation), direct)
    given = logits(x)
    likelihood = -ops.sum(x * ops.softplus(-given) + (1 - x) * ops.softplus(given), axis=-1, keepdims=True)
    net.head("log_density", likelihood)
    net.sampler(lambda rng, count: _sample(logits, rng, count, x.shape[1]))
    return given


def _logits(net, features, hidden, act, direct):
    order = np.arange(1, features + 1)
    # Spread evenly where the paper draws them: each unit sees inputs up to its degree.
    degrees = [1 + np.arange(width) * max(features - 1, 1) // width for width in hidden]
    layers = []
    for i, (before, after) in enumerate(zip([order, *degrees], degrees, strict=False)):
        layers.append(_masked(net, f"hidden{i}", after[None, :] >= before[:, None]))
    last = degrees[-1] if hidden else order
    out = _masked(net, "out", order[None, :] > last[:, None])
    across = net.parameter("direct.weights", (features, features), "glorot") if direct and hidden else None

    def logits(x):
        h = x
        for weights, bias in layers:
            h = act(h @ weights + bias)
        y = h @ out[0] + out[1]
        return y if across is None else y + x @ (across * np.triu(np.ones((features, features)), 1))

    return logits


def _masked(net, name, mask):
    weights = net.parameter(f"{name}.weights", mask.shape, "glorot")
    bias = net.parameter(f"{name}.bias", mask.shape[1:], "zeros", weight=False)
    return weights * mask.astype(float), bias


def _sample(logits, rng, count, features):
    x = np.zeros((count, features))
    for i in range(features):
        x[:, i] = rng.random(count) < ops.sigmoid(logits(x)[:, i])
    return x
