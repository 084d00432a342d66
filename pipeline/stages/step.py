"""The training step of one member as a graph: from a minibatch to new weights and optimizer state.

augment -> model -> loss -> regularizers -> gradients -> on_gradients -> optimizer -> after_step
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Graph, Program, Tensor, gradient, ops
from pipeline.engine.graph import RandomInput, Spec
from pipeline.errors import OptionError, StageError
from pipeline.stages import optimizing
from pipeline.stages.net import Layout, discover
from pipeline.stages.noise import TracedRandom
from pipeline.stages.objective import Objective
from pipeline.stages.parts import Parts, Placed, at
from pipeline.stages.verdicts import AfterEpoch

INPUTS, TARGETS, WEIGHTS, STEP, LOSS = "inputs", "targets", "weights", "t", "loss"
AUXILIARY, UNLABELLED = "auxiliary:", "unlabelled"  # the first is followed by a name


@dataclass(frozen=True)
class Batch:
    """What an example is: the shape and dtype of its inputs and of its targets, further ones by name.

    `classes` is the number of classes, 0 for numbers; `unlabelled` says whether there are examples without.
    """

    inputs: Spec
    targets: Spec
    auxiliary: Mapping[str, Spec] = field(default_factory=dict)
    classes: int = 0
    unlabelled: bool = False

    def of(self, rows: int, graph: Graph) -> tuple[Tensor, Tensor]:
        """Declare a minibatch of `rows` examples as inputs of a graph."""
        return _rows(INPUTS, rows, self.inputs, graph), _rows(TARGETS, rows, self.targets, graph)

    def auxiliary_of(self, rows: int, graph: Graph) -> dict[str, Tensor]:
        """Declare a minibatch's further targets."""
        return {name: _rows(AUXILIARY + name, rows, spec, graph) for name, spec in self.auxiliary.items()}

    def unlabelled_of(self, graph: Graph) -> Callable[[int], Tensor] | None:
        """Return what declares a minibatch of unlabelled examples, the same for all who ask for one."""

        def declared(rows: int) -> Tensor:
            known = graph.inputs.get(UNLABELLED)
            if known is not None and known.shape[0] != rows:
                raise StageError(f"one step draws {known.shape[0]} and {rows} unlabelled examples; ask alike")
            return _rows(UNLABELLED, rows, self.inputs, graph) if known is None else known

        return declared if self.unlabelled else None


def _rows(name: str, rows: int, spec: Spec, graph: Graph) -> Tensor:
    return graph.input(name, (rows, *spec.shape), spec.dtype)


@dataclass(frozen=True)
class Rule:
    """A rule to call after each epoch: plain options, and those that are inputs `node.option`."""

    node: str
    function: Any
    options: Mapping[str, Any]
    symbolic: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """A traced step.  `state` names the program's state inputs, `next_state` the state it makes.

    In a first step the new state comes as outputs, later as updates of the inputs of the same name.
    """

    program: Program
    inputs: frozenset[str]
    state: Mapping[str, Spec]
    next_state: Mapping[str, Spec]
    randoms: Mapping[str, RandomInput]
    rules: tuple[Rule, ...]
    templates: Mapping[str, Any]


def discovered(parts: Parts, batch: Batch, dtype: npt.DTypeLike, data: str) -> Layout:
    """Return the model's parameters, found by a first pass over a minibatch of two examples.

    `data` says where the inputs come from, for the error that says that they do not fit the model.
    """
    graph = Graph(dtype)
    x, _ = batch.of(2, graph)
    net = discover(graph)
    model = parts.model
    shape = ("batch", *batch.inputs.shape)
    where = f"{data} -> {model.node} ({model.stage.ref}): inputs of shape ({', '.join(map(str, shape))})"
    with at(where):
        outputs = model.stage.function(x, net, **model.traced_options(graph))
        if not isinstance(outputs, Tensor) or outputs.ndim < 1 or outputs.shape[0] != 2:
            raise StageError(f"a model returns outputs (batch, outputs), this one gave {outputs!r}")
    if not net.declared:
        raise StageError(f"{model.node} ({model.stage.ref}): the model has no parameters to train")
    return Layout(list(net.declared.values()))


class StepTracer:
    """Traces the step for any minibatch size, at first and later steps."""

    def __init__(self, parts: Parts, layout: Layout, batch: Batch, dtype: npt.DTypeLike):
        self.parts = parts
        self.layout = layout
        self.batch = batch
        self.dtype = np.dtype(dtype)
        shapes = {name: parameter.shape for name, parameter in layout.trained.parameters.items()}
        self.groups: list[str] = []
        if parts.optimizer is not None:
            with at(parts.optimizer.node, parts.optimizer.stage.ref):
                self.groups = optimizing.groups(self._plain_optimizer, shapes, self.dtype)

    def trace(self, rows: int, steps: int, templates: Mapping[str, Any] | None = None) -> Step:
        """Trace a step on `rows` examples of a training of `steps` steps.

        `templates` are the optimizer state's from the first step; None traces that first step.
        """
        graph = Graph(self.dtype)
        t = graph.input(STEP, ())
        objective = self.objective(graph, rows, t, steps)
        weights, state = self._next(graph, objective, t, steps, templates or {})
        next_state = {
            optimizing.state_name(group, place): leaf
            for group, nested in state.items()
            for place, leaf in enumerate(optimizing.leaves(nested))
        }
        first = templates is None
        program = Program(
            graph,
            {LOSS: objective.loss, **(next_state if first else {})},
            {WEIGHTS: weights, **({} if first else next_state)},
        )
        return Step(
            program=program,
            inputs=frozenset(graph.inputs),
            state={} if first else {name: leaf.spec for name, leaf in next_state.items()},
            next_state={name: leaf.spec for name, leaf in next_state.items()},
            randoms=dict(graph.randoms),
            rules=self.rules(graph, objective),
            templates={group: optimizing.template_of(nested) for group, nested in state.items()},
        )

    def objective(self, graph: Graph, rows: int, t: Tensor, steps: int) -> Objective:
        """Trace the objective on `rows` examples at step `t` of `steps`: augmented, with its regularizers."""
        x, y = self.batch.of(rows, graph)
        for part in self.parts.augment:
            with at(part.node, part.stage.ref, graph):
                x = self._augmented(graph, part, x)
        known = self.layout.bind(graph.input(WEIGHTS, (self.layout.size,)))
        trained = self.layout.trained.parameters
        objective = Objective(
            x,
            y,
            {name: known[name] for name in trained},
            trained,
            classes=self.batch.classes,
            buffers={name: known[name] for name in self.layout.buffers},
            auxiliary=self.batch.auxiliary_of(rows, graph),
            unlabelled=self.batch.unlabelled_of(graph),
            model=partial(_called, self.parts.model, graph),
            model_node=self.parts.model.node,
            loss=partial(_called, self.parts.loss, graph),
            t=t,
            lr=partial(self._lr, graph, t, steps),
        )
        for part in self.parts.regularizers:
            with at(part.node, part.stage.ref, graph), objective.acting(part.node):
                part.stage.function(objective, **part.traced_options(graph))
        return objective

    def _augmented(self, graph: Graph, part: Placed, x: Tensor) -> Tensor:
        rng = TracedRandom(graph, part.node)
        changed = part.stage.function(x, rng, **part.traced_options(graph))
        if changed.shape != x.shape:
            raise StageError(f"an augmentation keeps the shape {x.shape}, this one gave {changed.shape}")
        return changed  # type: ignore[no-any-return]

    def _next(
        self, graph: Graph, objective: Objective, t: Tensor, steps: int, templates: Mapping[str, Any]
    ) -> tuple[Tensor, dict[str, Any]]:
        """Return the weights after the step, buffers behind the rest, and the optimizer's state.

        A model of buffers alone says itself what they are: there is nothing to optimize.
        """
        if not self.layout.trained.size:
            return ops.concatenate(self.buffered(graph, objective)), {}
        weights, state = self._optimized(graph, objective, t, steps, templates)
        if self.layout.buffers:
            weights = ops.concatenate([weights, *self.buffered(graph, objective)])
        return weights, state

    def _optimized(
        self, graph: Graph, objective: Objective, t: Tensor, steps: int, templates: Mapping[str, Any]
    ) -> tuple[Tensor, dict[str, Any]]:
        names = list(self.layout.trained.parameters)
        total = objective.total()
        layout = self.layout.trained
        found = gradient(total, [objective.parameters[name] for name in names])
        gradients = objective.changed_gradients(dict(zip(names, found, strict=True)))
        step = self._optimizer(graph, t, steps)
        part = self.parts.stepper
        with at(part.node, part.stage.ref, graph):
            if self.groups == [optimizing.FLAT]:
                weights, state = self._flat(graph, objective, step, gradients, t, templates)
            else:
                weights, state = self._one_by_one(graph, objective, step, gradients, t, templates)
        if objective.acts_after_step:
            weights = layout.flat(objective.after(layout.bind(weights)))
        return weights, state

    def buffered(self, graph: Graph, objective: Objective) -> list[Tensor]:
        """Return the buffers after the step, flat, in their order."""
        before = self.layout.bind(graph.inputs[WEIGHTS])
        after = {**before, **objective.updates}
        return [ops.reshape(after[name], (-1,)) for name in self.layout.buffers]

    def _flat(
        self,
        graph: Graph,
        objective: Objective,
        step: optimizing.Optimizer,
        gradients: Any,
        t: Tensor,
        templates: Mapping[str, Any],
    ) -> tuple[Tensor, dict[str, Any]]:
        before = optimizing.state_inputs(graph, optimizing.FLAT, templates.get(optimizing.FLAT))
        g = self.layout.trained.flat(gradients)
        w = graph.inputs[WEIGHTS]
        w = w[: self.layout.trained.size] if self.layout.buffers else w
        if objective.acts_before_step:
            w = self.layout.trained.flat(objective.before())
        weights, after = optimizing.apply(step, w, g, before, t)
        return weights, {optimizing.FLAT: after}

    def _one_by_one(
        self,
        graph: Graph,
        objective: Objective,
        step: optimizing.Optimizer,
        gradients: Any,
        t: Tensor,
        templates: Mapping[str, Any],
    ) -> tuple[Tensor, dict[str, Any]]:
        stepped, state = {}, {}
        for name, w in objective.before().items():
            before = optimizing.state_inputs(graph, name, templates.get(name))
            stepped[name], state[name] = optimizing.apply(step, w, gradients[name], before, t)
        return self.layout.trained.flat(stepped), state

    def _optimizer(self, graph: Graph, t: Tensor, steps: int) -> optimizing.Optimizer:
        return partial(self.parts.stepper.stage.function, **self._optimizer_options(graph, t, steps))

    def _lr(self, graph: Graph, t: Tensor, steps: int) -> Tensor:
        options, part = self._optimizer_options(graph, t, steps), self.parts.stepper
        if "lr" not in options:
            raise OptionError(
                f"it acts by the learning rate `lr`, which {part.node} ({part.stage.ref}) does not have\n"
                "    use an optimizer with the option `lr`, such as optimizer.sgd"
            )
        return options["lr"]  # type: ignore[no-any-return]

    def _optimizer_options(self, graph: Graph, t: Tensor, steps: int) -> dict[str, Any]:
        """Return the optimizer's options; a schedule multiplies its `lr`."""
        part, schedule = self.parts.stepper, self.parts.schedule
        options = part.traced_options(graph)
        if schedule is not None:
            if "lr" not in options:
                raise StageError(
                    f"{schedule.node} schedules the option `lr`, which {part.stage.ref} does not have"
                )
            with at(schedule.node, schedule.stage.ref, graph):
                factor = schedule.stage.function(t, steps, **schedule.traced_options(graph))
            options["lr"] = options["lr"] * factor
        return options

    def _plain_optimizer(self, graph: Graph) -> optimizing.Optimizer:
        return partial(self.parts.stepper.stage.function, **self.parts.stepper.traced_options(graph))

    def rules(self, graph: Graph, objective: Objective) -> tuple[Rule, ...]:
        """Return what regularizers asked to be called after each epoch."""
        return tuple(self._rule(rule, graph) for rule in objective.after_epoch_rules)

    def _rule(self, rule: AfterEpoch, graph: Graph) -> Rule:
        names = {id(tensor): name for name, tensor in graph.inputs.items()}
        symbolic = {}
        for option, value in rule.options.items():
            if isinstance(value, Tensor):
                if id(value) not in names:
                    raise StageError(
                        f"{rule.node}: after_epoch takes options as they are; "
                        f"compute with {option!r} inside the rule"
                    )
                symbolic[option] = names[id(value)]
        plain = {option: value for option, value in rule.options.items() if option not in symbolic}
        return Rule(rule.node, rule.rule, plain, symbolic)


def _called(part: Placed, graph: Graph, *arguments: Any) -> Any:
    with at(part.node, part.stage.ref, graph):
        return part.stage.function(*arguments, **part.traced_options(graph))
