"""A forward pass in training: examples, weights, inputs and hidden units as regularizers change them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.engine import ops
from pipeline.errors import StageError
from pipeline.stages.net import Net, bound
from pipeline.stages.noise import TracedRandom
from pipeline.stages.perturbing import Noise, Perturbations

if TYPE_CHECKING:
    from pipeline.engine import Tensor


@dataclass(frozen=True)
class Pass:
    """What a forward pass gives: the mean loss and what the model made on the way to it."""

    loss: Tensor
    outputs: Tensor
    net: Net


@dataclass(frozen=True)
class Passing:
    """Makes forward passes of one model; `rows` is the number of examples whose noise is the step's own.

    `weights` names the parameters that are no biases, `classes` is 0 for targets that are numbers.
    """

    model: Callable[[Tensor, Net], Tensor]
    node: str
    loss: Callable[[Tensor, Tensor], Tensor]
    rows: int
    classes: int
    weights: Collection[str]
    buffers: Mapping[str, Tensor]
    change: Perturbations = field(default_factory=Perturbations)

    def run(self, inputs: Tensor, targets: Tensor, parameters: Mapping[str, Tensor]) -> Pass:
        """Return what becomes of a minibatch; targets are as in the data, or probabilities."""
        if self.change.reach_targets:
            targets = self._probabilities(targets, parameters)
        inputs, targets = self.change.of_examples(inputs, targets)
        targets = self.change.of("targets", "targets", targets)
        outputs, net = self.outputs(inputs, parameters)
        if self.classes == 2 and outputs.shape[-1] == 1 and targets.ndim == 2:
            targets = targets[:, 1:]  # of two classes one output tells the second's probability
        losses = self.loss(outputs, targets)
        if losses.shape != inputs.shape[:1]:
            raise StageError(
                f"the loss gives shape {losses.shape}, not one number an example, {inputs.shape[:1]}"
            )
        return Pass(ops.mean(sum(net.costs, losses)), outputs, net)

    def outputs(self, inputs: Tensor, parameters: Mapping[str, Tensor]) -> tuple[Tensor, Net]:
        """Return the model's outputs for any number of rows, and what it made on the way."""
        rows = inputs.shape[0]
        noise: Noise = () if rows == self.rows else ("rows", rows)
        seen = {**parameters, **self.buffers}
        for name in self.weights:
            seen[name] = self.change.of("weights", name, seen[name])
        net = Net(
            bound(seen),
            rng=TracedRandom(inputs.graph, self.node, *noise),
            training=True,
            on_hidden=lambda name, h: self.change.of("hidden", name, h, noise),
        )
        return self.model(self.change.of("inputs", "inputs", inputs, noise), net), net

    def _probabilities(self, targets: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        if not self.classes or targets.ndim > 1:
            return targets
        dtype = next(iter(parameters.values())).dtype  # inputs may be whole numbers
        return ops.cast(ops.one_hot(targets, self.classes), dtype)  # type: ignore[no-any-return]
