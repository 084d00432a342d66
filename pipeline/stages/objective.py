"""What a regularizer sees: the objective of one training step, to read, to add to and to act on.

The forward pass is lazy.  What changes it (`on_inputs`, `on_hidden`, `on_weights`) must be asked for
before anything reads `loss`, `outputs`, `hidden` or `gradient`; afterwards it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipeline.engine import gradient
from pipeline.errors import DataError, StageError
from pipeline.stages.choosing import EVERYTHING, Changes, chosen
from pipeline.stages.net import Net, Parameter
from pipeline.stages.noise import TracedRandom
from pipeline.stages.passing import Pass, Passing
from pipeline.stages.perturbing import Perturb, PerturbExamples
from pipeline.stages.verdicts import AfterEpoch, Rule

if TYPE_CHECKING:
    from pipeline.engine import Tensor

Gradients = dict[str, "Tensor"]


class Objective:
    """The objective of a step for one member: the mean loss of a minibatch, and what regularizers make of it.

    `inputs` (batch, *features) are the augmented inputs, `targets` the minibatch's targets, `classes` their
    number, 0 for numbers.  `parameters` maps names to tensors, `weights` are those of them that are no
    biases, `named_weights` the same by name.  `t` counts steps from 1.
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        parameters: Mapping[str, Tensor],
        declared: Mapping[str, Parameter],
        *,
        model: Callable[[Tensor, Net], Tensor],
        model_node: str,
        loss: Callable[[Tensor, Tensor], Tensor],
        classes: int = 0,
        buffers: Mapping[str, Tensor] = MappingProxyType({}),
        auxiliary: Mapping[str, Tensor] = MappingProxyType({}),
        unlabelled: Callable[[int], Tensor] | None = None,
        t: Any = 1.0,
        lr: Callable[[], Any] = lambda: 1.0,
    ):
        self.inputs = inputs
        self.targets = targets
        self.classes = classes
        self.t = t
        self.parameters = dict(parameters)
        self.auxiliary = auxiliary
        self.named_weights = {name: parameters[name] for name, p in declared.items() if p.weight}
        self.weights = list(self.named_weights.values())
        self.after_epoch_rules: list[AfterEpoch] = []
        self._passing = Passing(
            model, model_node, loss, inputs.shape[0], classes, self.named_weights.keys(), buffers
        )
        self._unlabelled, self._lr = unlabelled, lr
        self._node = ""
        self._forward: Pass | None = None
        self._penalties: list[Tensor] = []
        self._mixes: list[tuple[Any, Tensor]] = []
        self._on_gradients: list[Callable[[Gradients], Gradients]] = []
        self._before_step, self._after_step = Changes(), Changes()

    # Reading

    @property
    def loss(self) -> Tensor:
        """The mean loss of the minibatch in training's forward pass, without penalties."""
        return self._run().loss

    @property
    def outputs(self) -> Tensor:
        """The model's outputs (batch, outputs) in training's forward pass."""
        return self._run().outputs

    @property
    def hidden(self) -> Mapping[str, Tensor]:
        """The hidden activations that the model marked, by name, as perturbed in training's forward pass."""
        return self._run().net.activations

    @property
    def heads(self) -> Mapping[str, Tensor]:
        """The further outputs that the model marked, by name, in training's forward pass."""
        return self._run().net.heads

    @property
    def updates(self) -> Mapping[str, Tensor]:
        """The buffers that the model changed in training's forward pass, by name."""
        return self._run().net.updates

    def unlabelled(self, rows: int) -> Tensor:
        """Return inputs (rows, *features) of the split `unlabelled`, drawn anew at each step."""
        if self._unlabelled is None:
            raise DataError(
                "the data set has no split `unlabelled`\n"
                "    make one, by transform.unlabel say, or name its rows in `splits`"
            )
        return self._unlabelled(rows)

    @property
    def lr(self) -> Any:
        """The optimizer's option `lr` at this step, with its schedule; OptionError where it has none."""
        return self._lr()

    def chosen(self, only: str) -> dict[str, Tensor]:
        """Return the weights by name that fit a pattern such as `hidden*`; OptionError if none does."""
        return chosen(only, self.named_weights, "weight")

    def units(self, only: str) -> dict[str, Tensor]:
        """Return the hidden activations by name that fit a pattern; OptionError if none does."""
        return chosen(only, self.hidden, "hidden activation")

    def draws(self, what: str) -> TracedRandom:
        """Return random numbers of this regularizer's own, for the purpose `what`."""
        return TracedRandom(self.inputs.graph, self._node, what)

    def gradient(self, x: Tensor) -> Tensor:
        """Return the gradient of `loss` with respect to the inputs, a parameter or a hidden activation."""
        return gradient(self.loss, [x])[0]

    def loss_at(
        self,
        *,
        inputs: Tensor | None = None,
        weights: Sequence[Tensor] | None = None,
        targets: Tensor | None = None,
    ) -> Tensor:
        """Return the mean loss at other inputs, weights (in the order of `weights`) or targets, same noise.

        Targets are as in the data, or probabilities (batch, classes).
        """
        self._run()
        parameters = dict(self.parameters)
        if weights is not None:
            parameters.update(zip(self.named_weights, weights, strict=True))
        x, y = self.inputs if inputs is None else inputs, self.targets if targets is None else targets
        return self._passing.run(x, y, parameters).loss

    def outputs_at(self, inputs: Tensor) -> Tensor:
        """Return the model's outputs for any inputs (rows, *features), with training's noise.

        The noise is the same for the same number of rows.
        """
        self._run()
        return self._passing.outputs(inputs, self.parameters)[0]

    # Acting

    def add(self, penalty: Any) -> None:
        """Add a penalty, a scalar, to what is minimised."""
        if getattr(penalty, "shape", ()) != ():
            raise StageError(
                f"a penalty is a scalar, this one has shape {penalty.shape}; reduce it with ops.sum"
            )
        self._penalties.append(penalty)

    def mix(self, weight: Any, loss: Tensor) -> None:
        """Replace the loss by (1 - weight)·loss + weight·`loss`; penalties stay as they are."""
        self._mixes.append((weight, loss))

    def on_inputs(self, function: Perturb) -> None:
        """Let `function(inputs, rng)` perturb the inputs in training's forward pass."""
        self._perturb("inputs", function)

    def on_hidden(self, function: Perturb) -> None:
        """Let `function(h, rng)` perturb each marked hidden activation in training's forward pass."""
        self._perturb("hidden", function)

    def on_weights(self, function: Perturb) -> None:
        """Let `function(w, rng)` perturb each weight in training's forward pass."""
        self._perturb("weights", function)

    def on_targets(self, function: Perturb) -> None:
        """Let `function(targets, rng)` change the targets: probabilities (batch, classes), or numbers."""
        self._perturb("targets", function)

    def on_examples(self, function: PerturbExamples) -> None:
        """Let `function(inputs, targets, rng)` change both; targets are as in `on_targets`."""
        self._perturb("examples", function)

    def on_gradients(self, function: Callable[[Gradients], Gradients]) -> None:
        """Let `function(gradients)` change the gradients, parameter name -> tensor, before the step."""
        self._on_gradients.append(self._owned(function))

    def before_step(self, function: Callable[[Tensor], Tensor], only: str = EVERYTHING) -> None:
        """Let `function(w)` change each weight that `only` names before the optimizer steps from it.

        The gradient is that at the weights as they were.
        """
        self._before_step.functions.append((self._owned(function), tuple(self.chosen(only))))

    def after_step(self, function: Callable[[Tensor], Tensor], only: str = EVERYTHING) -> None:
        """Let `function(w)` change each weight that `only` names after a step."""
        self._after_step.functions.append((self._owned(function), tuple(self.chosen(only))))

    def after_epoch(self, rule: Rule, **options: Any) -> None:
        """Call `rule(history, **options) -> Verdict` on the host after each epoch, for each member alone.

        `history` is a list of dicts, one an epoch.  Options arrive as numbers: the member's own.
        """
        self.after_epoch_rules.append(AfterEpoch(self._node, rule, options))

    # What the step's tracer uses

    @contextmanager
    def acting(self, node: str) -> Iterator[None]:
        """Say whose regularizer acts on the objective in the block: its draws are keyed by `node`."""
        self._node = node
        yield
        self._node = ""

    def total(self) -> Tensor:
        """Return what is minimised: the loss, what was mixed in, the penalties."""
        total = self.loss
        for weight, other in self._mixes:
            total = (1 - weight) * total + weight * other
        for penalty in self._penalties:
            total = total + penalty
        return total

    def changed_gradients(self, gradients: Gradients) -> Gradients:
        """Return the gradients after every `on_gradients`."""
        for function in self._on_gradients:
            changed = dict(function(dict(gradients)))
            if changed.keys() != gradients.keys():
                raise StageError("on_gradients must return a gradient for each parameter it was given")
            gradients = {name: changed[name] for name in gradients}
        return gradients

    def before(self) -> Mapping[str, Tensor]:
        """Return the parameters that the optimizer steps from."""
        return self._before_step.of(self.parameters)

    def after(self, stepped: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the parameters after every `after_step`."""
        return self._after_step.of(stepped)

    @property
    def acts_on_steps(self) -> bool:
        """Whether anything changes gradients or weights, so that a step is not the gradient's own."""
        return bool(self._on_gradients or self._before_step or self._after_step)

    @property
    def acts_before_step(self) -> bool:
        """Whether anything changes the weights before a step."""
        return bool(self._before_step)

    @property
    def acts_after_step(self) -> bool:
        """Whether anything changes the weights after a step."""
        return bool(self._after_step)

    def _perturb(self, what: str, function: Callable[..., Any]) -> None:
        if self._forward is not None:
            raise StageError(
                f"on_{what} comes too late: the forward pass was made when a regularizer read the loss, "
                "hidden activations or a gradient; list regularizers that perturb it before those that read"
            )
        self._passing.change.add(what, self._node, self._owned(function))

    def _owned(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function whose instructions are known to come from the stage that hands it in now."""
        graph = self.inputs.graph
        origin = graph.origin

        def owned(*arguments: Any) -> Any:
            with graph.traced_by(origin):
                return function(*arguments)

        return owned

    def _run(self) -> Pass:
        if self._forward is None:
            self._forward = self._passing.run(self.inputs, self.targets, self.parameters)
        return self._forward
