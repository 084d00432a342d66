"""A trained network's loss as a function of its weights: for curvature, forecasts, further descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.calculus.function import Function
from pipeline.engine import Tensor, ops
from pipeline.engine.graph import Spec
from pipeline.stages.forward import layout_of
from pipeline.stages.net import Layout, Net, bound
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import Placed, at
from pipeline.stages.predicting import checked_inputs
from pipeline.stages.slopes import loss_of

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]


def weights_of(network: Network) -> Array:
    """Return a network's trained parameters, flat (size,); buffers are none of them."""
    trained = _layout(network).trained.parameters
    return np.concatenate([network.parameters[name].reshape(-1) for name in trained])


def loss_function(network: Network, inputs: Array, targets: Array) -> Function:
    """Return the mean loss over *prepared* inputs (rows, *features) as a function of the flat weights.

    In float64, whatever the weights' dtype.  The loss is that of `Predictor.loss` where there is one: without
    noise and penalties.  It goes through the outputs, so that it has a Gauss-Newton matrix.
    """
    x, layout = checked_inputs(inputs, network), _layout(network)

    def outputs(w: Tensor) -> Tensor:
        buffers = {name: w.graph.constant(network.parameters[name]) for name in layout.buffers}
        net = Net(bound({**layout.trained.bind(w), **buffers}), rng=NoRandom())
        with at("model", network.stage.ref):
            return network.stage.function(w.graph.constant(x), net, **network.options)  # type: ignore[no-any-return]

    def loss(z: Tensor) -> Tensor:
        return ops.mean(loss_of(z, z.graph.constant(targets), network.link))  # type: ignore[no-any-return]

    return Function(loss, weights_of(network), through=outputs)


def example_loss(
    network: Network, inputs: Array, targets: Array
) -> tuple[Callable[..., Tensor], dict[str, Array]]:
    """Return the loss of *prepared* examples as a function of inputs and parameters, and these by name."""
    x, layout = checked_inputs(inputs, network), _layout(network)
    names = list(layout.trained.parameters)

    def loss(x: Tensor, *parameters: Tensor) -> Tensor:
        buffers = {name: x.graph.constant(network.parameters[name]) for name in layout.buffers}
        net = Net(bound({**dict(zip(names, parameters, strict=True)), **buffers}), rng=NoRandom())
        with at("model", network.stage.ref):
            outputs = network.stage.function(x, net, **network.options)
        return ops.mean(loss_of(outputs, x.graph.constant(targets), network.link))  # type: ignore[no-any-return]

    return loss, {"x": x, **{name: network.parameters[name] for name in names}}


def _layout(network: Network) -> Layout:
    dtype = next(iter(network.parameters.values())).dtype
    model = Placed("model", network.stage, network.options)
    return layout_of(model, Spec(network.shape, dtype), dtype, network.parameters)
