"""The variational autoencoder."""

from math import log, prod

import numpy as np

from pipeline import model, nn, ops
from pipeline.options import Count, NonNegative


@model
def vae(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (128,),
    code: Count = 8,
    activation: nn.PlainActivation = "tanh",
    beta: NonNegative = 1.0,
    draws: Count = 16,
    outputs: int,
):
    """Encode inputs in a Gaussian over `code` numbers, decode a draw of it: -> (batch, outputs), logits.

    Kingma & Welling 2014 (arXiv:1312.6114), equations 9 and 10: `beta` times the divergence from the prior
    is the cost of an example, so that with loss.bernoulli on targets of transform.reconstruct and `beta` 1
    training maximises the evidence lower bound.  Predictions decode the mean.  Heads: `code` (the mean),
    `log_variance`, and `log_density` (batch, 1) of inputs in 0..1: the bound of Burda et al. 2016, equation
    8, on `draws` draws, the same for all rows.
    """
    x = ops.flatten(x)
    widths = (prod(x.shape[1:]), *hidden, 2 * code)
    encode, _ = nn.chain(net, widths, name="encode", activation=activation, init="glorot")
    decode, _ = nn.chain(
        net, (code, *hidden[::-1], outputs), name="decode", activation=activation, init="glorot"
    )
    found = encode(x)
    mean, log_variance = net.head("code", found[:, :code]), net.head("log_variance", found[:, code:])
    spread = ops.exp(0.5 * log_variance)
    net.cost(beta * 0.5 * ops.sum(ops.square(mean) + ops.square(spread) - log_variance - 1, axis=-1))
    if outputs == x.shape[1]:
        net.head("log_density", _log_density(x, mean, spread, log_variance, decode, draws))
    net.sampler(lambda rng, count: ops.sigmoid(decode(rng.standard_normal((count, code)))))
    noise = net.rng.normal(mean.shape) if net.training else 0.0
    return decode(mean + noise * spread)


def _log_density(x, mean, spread, log_variance, decode, draws):
    """Return log of the mean of p(x, z) / q(z | x) over draws z of q, (batch, 1)."""
    noise = np.random.Generator(np.random.Philox(0)).standard_normal((draws, 1, mean.shape[-1]))
    noise = noise.astype(mean.dtype)
    z = mean + noise * spread
    logits = decode(z)
    likelihood = -ops.sum(x * ops.softplus(-logits) + (1 - x) * ops.softplus(logits), axis=-1)
    # log p(z) - log q(z | x): the constants cancel, and (z - mean) / spread is the noise
    ratio = 0.5 * ops.sum(noise**2 - ops.square(z) + log_variance, axis=-1)
    return ops.expand_dims(ops.logsumexp(likelihood + ratio, axis=0) - log(draws), -1)
