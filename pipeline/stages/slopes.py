"""Gradients of trained networks with respect to their inputs: for attacks, explanations, design."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine import Executor, Graph, Program, Tensor, gradient, numpy_backend, ops
from pipeline.errors import DataError, ShapeError, StageError
from pipeline.stages.links import Link, OwnLink
from pipeline.stages.net import Net
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import at
from pipeline.stages.predicting import checked_inputs

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]
Measure = Callable[[Tensor, Tensor], Tensor]
CHUNK = 256  # rows in one call


class InputGradient:
    """The gradient of a measure of networks' outputs, their mean, with respect to the inputs.

    `measure(outputs, targets)` is traced: raw outputs (rows, outputs), before the link, and what is given
    as targets, (rows, ...), to one number a row.  None measures the loss of the targets: the negative
    log-likelihood in nats, or half the squared error of numbers.  Programs are made once a number of rows.
    """

    def __init__(self, networks: Sequence[Network], measure: Measure | None = None):
        if not networks:
            raise DataError("the model holds no network, and only networks have gradients")
        self._networks = tuple(networks)
        self._measure = measure
        self._executors: dict[tuple[int, int, tuple[int, ...], str], Executor] = {}

    def __call__(self, inputs: Any, targets: Any) -> Array:
        """Return the gradient at *prepared* inputs (rows, *features), given targets (rows, ...).

        A row's is that of its own number.  ShapeError and DataError if the inputs do not fit.
        """
        x, y = np.asarray(inputs), np.asarray(targets)
        if x.dtype.kind != "f":
            raise DataError(f"the inputs are {x.dtype}, and only floats have a gradient")
        if len(x) != len(y):
            raise ShapeError(f"{len(x)} rows of inputs, but {len(y)} of targets; give one for each row")
        return np.mean([self._of(number, x, y) for number in range(len(self._networks))], axis=0)  # type: ignore[no-any-return]

    def _of(self, number: int, x: Array, y: Array) -> Array:
        x = checked_inputs(x, self._networks[number])
        found = np.empty_like(x)
        for start in range(0, len(x), CHUNK):
            chunk = slice(start, start + CHUNK)
            executor = self._executor(number, x[chunk], y[chunk])
            for name, array in (("inputs", x), ("targets", y)):
                if name in executor.inputs:
                    executor.inputs[name][...] = array[chunk]
            executor.run()
            found[chunk] = executor.outputs["gradient"]
        return found

    def _executor(self, number: int, x: Array, y: Array) -> Executor:
        key = (number, len(x), y.shape[1:], y.dtype.kind)
        if key not in self._executors:
            program = _traced(self._networks[number], self._measure, x.shape, y)
            self._executors[key] = program.bind(1, (), numpy_backend())
        return self._executors[key]


def _traced(network: Network, measure: Measure | None, shape: tuple[int, ...], targets: Array) -> Program:
    dtype = next(iter(network.parameters.values())).dtype
    graph = Graph(dtype)
    x = graph.input("inputs", shape, dtype)
    y = graph.input("targets", targets.shape, dtype if targets.dtype.kind == "f" else targets.dtype)
    net = Net(lambda parameter: graph.constant(network.parameters[parameter.name]), rng=NoRandom())
    with at("model", network.stage.ref):
        outputs = network.stage.function(x, net, **network.options)
    values = measure(outputs, y) if measure else loss_of(outputs, y, network.link)
    if getattr(values, "shape", None) != shape[:1]:
        raise StageError(f"a measure gives one number a row, {shape[:1]}, this one gave {values!r}")
    return Program(graph, {"gradient": gradient(ops.sum(values), [x])[0]})


def loss_of(outputs: Tensor, targets: Tensor, link: Link) -> Tensor:
    """Return the loss of each row, (rows,), of raw outputs: what `Predictor.loss` is the mean of."""
    if isinstance(link, OwnLink):
        return link.loss.function(outputs, targets, **link.loss.check(dict(link.options)))  # type: ignore[no-any-return]
    if link == "exp":
        rates = ops.reshape(ops.cast(targets, outputs.dtype), outputs.shape)
        return ops.sum(ops.exp(outputs) - rates * outputs, axis=-1)  # type: ignore[no-any-return]
    if link == "identity":
        wanted = ops.reshape(ops.cast(targets, outputs.dtype), outputs.shape)
        return 0.5 * ops.sum(ops.square(outputs - wanted), axis=-1)  # type: ignore[no-any-return]
    if link == "sigmoid":
        return _bernoulli(outputs, targets)
    return -ops.sum(_chosen(targets, outputs) * ops.log_softmax(outputs), axis=-1)  # type: ignore[no-any-return]


def _bernoulli(outputs: Tensor, targets: Tensor) -> Tensor:
    one = outputs.shape[-1] == 1 and targets.ndim == 1
    wanted = ops.cast(ops.expand_dims(targets, -1), outputs.dtype) if one else _chosen(targets, outputs)
    terms = wanted * ops.softplus(-outputs) + (1 - wanted) * ops.softplus(outputs)
    return ops.sum(terms, axis=-1)  # type: ignore[no-any-return]


def _chosen(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return class numbers as rows of 0 and 1; what has columns already stays."""
    hot = ops.one_hot(targets, outputs.shape[-1]) if targets.ndim == 1 else targets
    return ops.cast(hot, outputs.dtype)  # type: ignore[no-any-return]
