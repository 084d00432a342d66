"""The health of a trained network: dead and saturated units, weights and gradients by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops
from pipeline.stages.net import Net, Parameter
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import at
from pipeline.stages.predicting import checked_inputs
from pipeline.stages.slopes import loss_of

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]
BOUNDS: Mapping[str, tuple[float, float]] = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
CLOSE = 0.01  # of the range, from a bound
MOSTLY = 0.9  # of the rows, for a unit that counts as saturated


@dataclass(frozen=True)
class Units:
    """How many units a hidden activation has, how many never change, how many are mostly at a bound."""

    count: int
    dead: int
    saturated: int


@dataclass(frozen=True)
class Layer:
    """A weight matrix, by its Euclidean norm, and the gradient of the mean loss with respect to it."""

    weights: float
    gradient: float


@dataclass(frozen=True)
class Health:
    """What ails a network on some rows: `units` by hidden activation, `layers` by weight matrix, in order.

    Saturation is told of activations with bounds, sigmoid and tanh, by the model's option `activation`.
    """

    loss: float
    units: Mapping[str, Units]
    layers: Mapping[str, Layer]

    @classmethod
    def of(cls, network: Network, inputs: Array, targets: Array) -> Health:
        """Look at a network on *prepared* inputs (rows, *features) and their targets."""
        found, hidden, declared = _computed(network, checked_inputs(inputs, network), targets)
        bounds = BOUNDS.get(str(network.options.get("activation", "")))
        layers = {
            name: Layer(_norm(network.parameters[name]), _norm(found[name]))
            for name, parameter in declared.items()
            if parameter.weight
        }
        units = {name: _units(found[f"hidden:{name}"], bounds) for name in hidden}
        return cls(float(found["loss"]), units, layers)

    @property
    def dead(self) -> int:
        """The number of dead units."""
        return sum(units.dead for units in self.units.values())

    @property
    def saturated(self) -> int:
        """The number of saturated units."""
        return sum(units.saturated for units in self.units.values())

    @property
    def count(self) -> int:
        """The number of units."""
        return sum(units.count for units in self.units.values())


def _norm(array: Array) -> float:
    return float(np.linalg.norm(array))


def _units(h: Array, bounds: tuple[float, float] | None) -> Units:
    """Look at activations (rows, ..., units): all axes but the last are examples."""
    values = h.reshape(-1, h.shape[-1]) if h.ndim > 1 else h.reshape(-1, 1)
    dead = values.max(axis=0) == values.min(axis=0)
    if bounds is None:
        return Units(values.shape[1], int(dead.sum()), 0)
    margin = CLOSE * (bounds[1] - bounds[0])
    near = (values < bounds[0] + margin) | (values > bounds[1] - margin)
    return Units(values.shape[1], int(dead.sum()), int((near.mean(axis=0) >= MOSTLY).sum()))


def _computed(
    network: Network, inputs: Array, targets: Array
) -> tuple[dict[str, Array], list[str], dict[str, Parameter]]:
    """Return the mean loss, its gradient by parameter and the hidden activations; their names; parameters."""
    dtype = next(iter(network.parameters.values())).dtype
    graph = Graph(dtype)
    x = graph.input("x", inputs.shape, dtype if inputs.dtype.kind == "f" else inputs.dtype)
    y = graph.input("y", targets.shape, dtype if targets.dtype.kind == "f" else targets.dtype)
    net = Net(lambda parameter: graph.input(f"p:{parameter.name}", parameter.shape), rng=NoRandom())
    with at("model", network.stage.ref):
        outputs = network.stage.function(x, net, **network.options)
    losses = loss_of(outputs, y, network.link)
    loss = ops.mean(sum(net.costs, losses))
    names = [name for name, parameter in net.declared.items() if parameter.trained]
    slopes = gradient(loss, [graph.inputs[f"p:{name}"] for name in names])
    hidden = {f"hidden:{name}": h for name, h in net.activations.items()}
    outcome = {"loss": loss, **dict(zip(names, slopes, strict=True)), **hidden}
    executor = Program(graph, outcome).bind(1, (), numpy_backend())
    given = {"x": inputs, "y": targets, **{f"p:{name}": a for name, a in network.parameters.items()}}
    for name, buffer in executor.inputs.items():
        buffer[...] = given[name]
    with np.errstate(all="ignore"):
        executor.run()
    found = {name: np.array(array) for name, array in executor.outputs.items()}
    return found, list(net.activations), dict(net.declared)
