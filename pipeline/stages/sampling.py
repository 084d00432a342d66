"""Draws from a trained model that says how, by `net.sampler`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.random import generator
from pipeline.errors import DataError, StageError
from pipeline.stages.net import Net
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import at

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]


def sampled(network: Network, count: int, seed: int) -> Array:
    """Return `count` draws of prepared inputs, (count, *features), the same for the same seed."""
    net = Net(lambda parameter: network.parameters[parameter.name], rng=NoRandom())
    blank = np.zeros((1, *network.shape), next(iter(network.parameters.values())).dtype)
    with at("sampling", network.stage.ref):
        network.stage.function(blank, net, **network.options)
        if net.draw is None:
            raise DataError(
                "the model does not say how to draw from it (net.sampler)\n"
                "    use one that does, such as model.vae, model.made, model.rbm or model.mixture"
            )
        drawn = np.asarray(net.draw(generator(seed, "samples"), count))
        if drawn.shape != (count, *network.shape) and drawn.shape != (count, blank.size):
            raise StageError(
                f"net.sampler's function gave {drawn.shape} for {count} draws of {network.shape}"
            )
    return drawn.reshape(count, *network.shape)
