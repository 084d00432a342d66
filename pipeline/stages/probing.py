"""A trained network looked into: its hidden activations, and predictions with noise on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.random import EagerRandom
from pipeline.stages.links import predictions
from pipeline.stages.net import Net
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import at
from pipeline.stages.predicting import checked_inputs

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]
Perturb = Callable[[Any, Any], Any]
CHUNK = 256  # rows at a time


def hidden_of(network: Network, inputs: Array) -> dict[str, Array]:
    """Return the hidden activations that the model marks, by name, (rows, ...) each."""
    passes = [net.activations for _, net in _passes(network, inputs, lambda name, h, chunk: h)]
    return {name: np.concatenate([each[name] for each in passes]) for name in passes[0]}


def weights_of(network: Network) -> dict[str, Array]:
    """Return the parameters that are no biases, by name."""
    blank = np.zeros((1, *network.shape), _dtype(network))
    ((_, net),) = _passes(network, blank, lambda name, h, chunk: h)
    return {name: network.parameters[name] for name, parameter in net.declared.items() if parameter.weight}


def perturbed(network: Network, inputs: Array, function: Perturb, seed: int, on: tuple[str, ...]) -> Array:
    """Return predictions (rows, outputs) with `function(h, rng)` in the place of what `on` names.

    `on` holds "hidden", "inputs" or both.  The draws depend on the seed, the activation's name and the row.
    """

    def change(name: str, h: Array, chunk: int) -> Array:
        if ("inputs" if name == "inputs" else "hidden") not in on:
            return h
        rng = EagerRandom(seed, "perturbed", name, chunk, dtype=str(_dtype(network)))
        return np.asarray(function(h, rng))

    outputs = np.concatenate([outputs for outputs, _ in _passes(network, inputs, change)])
    return predictions(outputs, network.link, network.task)


def _passes(
    network: Network, inputs: Array, change: Callable[[str, Array, int], Array]
) -> Iterator[tuple[Array, Net]]:
    """Yield the outputs of one chunk of rows after the other, and what the model made on the way."""
    inputs = checked_inputs(inputs, network)
    inputs = inputs.astype(_dtype(network)) if inputs.dtype.kind == "f" else inputs
    for start in range(0, len(inputs), CHUNK):

        def on_hidden(name: str, h: Array, start: int = start) -> Array:
            return change(name, h, start)

        net = Net(lambda p: network.parameters[p.name], rng=NoRandom(), on_hidden=on_hidden)
        with at("model", network.stage.ref):
            x = change("inputs", inputs[start : start + CHUNK], start)
            yield np.asarray(network.stage.function(x, net, **network.options)), net


def _dtype(network: Network) -> Any:
    return next(iter(network.parameters.values())).dtype
