"""What a model sees: `Net` makes parameters and dense layers and marks hidden activations.

A model is traced twice.  The first pass discovers what parameters there are (`Layout`); later passes bind
their names to slices of one flat tensor of weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import ops
from pipeline.engine.random import EagerRandom, generator
from pipeline.errors import StageError, nearest
from pipeline.stages.initializers import Initializer, initializer
from pipeline.stages.noise import NoRandom

if TYPE_CHECKING:
    from pipeline.engine import Graph, Tensor

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter as the model asked for it; `weight` is False for biases, which no decay touches.

    A buffer is a parameter that is not `trained`: the model says itself what it is after a step.
    """

    name: str
    shape: tuple[int, ...]
    init: Initializer
    weight: bool = True
    trained: bool = True

    @property
    def size(self) -> int:
        """The number of its elements."""
        return math.prod(self.shape)

    def initial(self, seed: int, node: str) -> Array:
        """Draw its initial value: it depends on the seed, the node and its name alone."""
        value = np.asarray(self.init(generator(seed, node, "initial", self.name), self.shape))
        if value.shape != self.shape:
            raise StageError(f"parameter {self.name!r} {self.shape} was initialised with shape {value.shape}")
        return value


class Layout:
    """Where each parameter lies in the flat weights (size,): in the model's order, buffers after the rest."""

    def __init__(self, parameters: Sequence[Parameter]):
        ordered = sorted(parameters, key=lambda parameter: not parameter.trained)
        self.parameters = {parameter.name: parameter for parameter in ordered}
        ends = np.cumsum([0, *(parameter.size for parameter in ordered)]).tolist()
        self.slices = {
            parameter.name: slice(start, stop)
            for parameter, start, stop in zip(ordered, ends, ends[1:], strict=False)
        }
        self.size = int(ends[-1])

    @cached_property
    def trained(self) -> Layout:
        """The part that the optimizer steps, at the front of the weights."""
        return Layout([parameter for parameter in self.parameters.values() if parameter.trained])

    @property
    def buffers(self) -> list[str]:
        """The names of the buffers, which lie behind the trained part."""
        return [name for name, parameter in self.parameters.items() if not parameter.trained]

    def bind(self, weights: Any) -> dict[str, Any]:
        """Cut flat weights, a tensor or an array (size,), into parameters by name."""
        return {
            name: ops.reshape(weights[self.slices[name]], parameter.shape)
            for name, parameter in self.parameters.items()
        }

    def flat(self, parameters: Mapping[str, Any]) -> Any:
        """Join parameters, tensors or arrays by name, into flat weights (size,)."""
        return ops.concatenate([ops.reshape(parameters[name], (-1,)) for name in self.parameters])

    def initial(self, seed: int, node: str, dtype: npt.DTypeLike) -> Array:
        """Draw the initial flat weights of `seed`."""
        values = [parameter.initial(seed, node).ravel() for parameter in self.parameters.values()]
        return np.concatenate(values).astype(dtype)


class Net:
    """What a model is given beside its inputs.

    `training` is False when the model predicts; `rng` draws noise in training
    (`normal(shape)`, `uniform(shape)`, `bernoulli(p, shape)`).
    """

    def __init__(
        self,
        make: Callable[[Parameter], Any],
        *,
        rng: Any = None,
        training: bool = False,
        on_hidden: Callable[[str, Any], Any] = lambda name, h: h,
    ):
        self.rng = rng
        self.training = training
        self.activations: dict[str, Any] = {}
        self.heads: dict[str, Any] = {}
        self.costs: list[Any] = []
        self.updates: dict[str, Any] = {}
        self.draw: Callable[[np.random.Generator, int], Any] | None = None
        self.declared: dict[str, Parameter] = {}
        self._make = make
        self._on_hidden = on_hidden

    def parameter(
        self, name: str, shape: Sequence[int], init: str | float | Initializer = "he", *, weight: bool = True
    ) -> Any:
        """Make the parameter `name`; `init` is a name (he, glorot, orthogonal, normal, zeros, ones), a number
        or a function of (rng, shape).  `weight=False` keeps it from decay and other acts on weights.
        """
        return self._declare(Parameter(name, tuple(int(n) for n in shape), initializer(init), weight))

    def buffer(self, name: str, shape: Sequence[int], init: str | float | Initializer = 0.0) -> Any:
        """Make the buffer `name`: state that training changes by `update` alone, a running mean say.

        It is kept with the parameters; no optimizer, penalty or gradient reaches it.
        """
        shape = tuple(int(n) for n in shape)
        return self._declare(Parameter(name, shape, initializer(init), weight=False, trained=False))

    def update(self, name: str, value: Any) -> None:
        """Let the buffer `name` have `value` after this training step.  Without effect in predictions."""
        declared = self.declared.get(name)
        if declared is None or declared.trained:
            raise StageError(f"update: {name!r} is no buffer of the model; make it by net.buffer first")
        if tuple(value.shape) != declared.shape:
            raise StageError(f"update: buffer {name!r} is {declared.shape}, its new value {value.shape}")
        if self.training:
            self.updates[name] = value

    def cost(self, values: Any) -> None:
        """Add `values` (batch,) to the loss of each example: a term that only the model knows.

        It counts in training and in validation losses.
        """
        if len(values.shape) != 1:
            raise StageError(f"a cost is one number an example, (batch,), this one has shape {values.shape}")
        self.costs.append(values)

    def head(self, name: str, outputs: Any) -> Any:
        """Mark `outputs` (batch, ...) as a further output of the model, beside what it returns; return it.

        Regularizers read it as `objective.heads[name]`, predictors give it by `head(name, inputs)`.
        """
        if name in self.heads:
            raise StageError(f"the model has two heads named {name!r}; give each its own name")
        self.heads[name] = outputs
        return outputs

    def sampler(self, function: Callable[[np.random.Generator, int], Any]) -> None:
        """Let `function(rng, count)` draw inputs (count, features) from what the model has learnt.

        It is called with NumPy's generator, parameters being NumPy arrays: predictors sample by it.
        """
        self.draw = function

    def _declare(self, parameter: Parameter) -> Any:
        if parameter.name in self.declared:
            raise StageError(
                f"the model makes two parameters named {parameter.name!r}; give each its own name"
            )
        self.declared[parameter.name] = parameter
        return self._make(parameter)

    def dense(
        self, x: Any, width: int, *, name: str, bias: bool = True, init: str | Initializer = "he"
    ) -> Any:
        """Map (..., features) to (..., width): x @ weights + bias, with the bias zero at first."""
        y = x @ self.parameter(f"{name}.weights", (x.shape[-1], width), init)
        return y + self.parameter(f"{name}.bias", (width,), "zeros", weight=False) if bias else y

    def hidden(self, h: Any, name: str | None = None) -> Any:
        """Mark `h` as hidden activations, so that regularizers can read and perturb them; return them."""
        name = f"hidden{len(self.activations)}" if name is None else name
        if name in self.activations:
            raise StageError(f"the model marks two hidden activations {name!r}; give each its own name")
        self.activations[name] = self._on_hidden(name, h)
        return self.activations[name]


def discover(graph: Graph) -> Net:
    """Return a Net for a first pass: it makes an input of each parameter and keeps what was asked for."""
    return Net(lambda parameter: graph.input(f"parameter:{parameter.name}", parameter.shape), rng=NoRandom())


def bound(parameters: Mapping[str, Tensor]) -> Callable[[Parameter], Tensor]:
    """Return what makes a Net give out `parameters`; names and shapes that are not there are refused."""

    def make(parameter: Parameter) -> Tensor:
        if parameter.name not in parameters:
            hint = nearest(parameter.name, parameters)
            raise StageError(
                f"parameter {parameter.name!r} was not there in the model's first pass; {hint}".rstrip("; ")
            )
        tensor = parameters[parameter.name]
        if tensor.shape != parameter.shape:
            raise StageError(f"parameter {parameter.name!r} was {tensor.shape} and is now {parameter.shape}")
        return tensor

    return make


def eager(seed: int = 0, *, training: bool = False, parameters: Mapping[str, Array] | None = None) -> Net:
    """Return a Net over NumPy arrays, to call a model directly: with `parameters`, or with initial values."""
    values = {} if parameters is None else parameters
    return Net(
        lambda parameter: (
            values[parameter.name] if parameter.name in values else parameter.initial(seed, "model")
        ),
        rng=EagerRandom(seed, "model", "step", 1),
        training=training,
    )
