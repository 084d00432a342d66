"""How a stage of each traced kind is called: examples of its inputs, its trace, its direct call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from pipeline.engine import Graph, Tensor, gradient, ops
from pipeline.engine.random import generator
from pipeline.errors import DataError
from pipeline.stages import optimizing
from pipeline.stages.links import link_of, predictions
from pipeline.stages.net import Layout, Net, bound, discover
from pipeline.stages.noise import NoRandom, TracedRandom
from pipeline.stages.objective import Objective
from pipeline.testing import probes
from pipeline.testing.rows import check_rows
from pipeline.testing.rules import check_rules
from pipeline.testing.subject import NODE, OUTPUTS, Array, Subject, close, locked
from pipeline.testing.traces import Case, Replay, Tensors, Trace

Options = Mapping[str, Any]


def augment(subject: Subject) -> Case:
    """Trace an augmentation: the shape stays."""

    def trace(graph: Graph, given: Tensors, options: Options) -> Tensors:
        changed = subject.stage.function(given["x"], TracedRandom(graph, NODE), **options)
        subject.require(
            changed.shape == given["x"].shape,
            f"it must keep the shape {given['x'].shape}, and gives {changed.shape}",
        )
        return {"x": changed}

    def eager(given: Mapping[str, Array], rng: Replay, options: Options) -> Tensors:
        return {"x": subject.stage.function(given["x"], rng, **options)}

    def make(x: Array) -> Case:
        return Case({"x": x}, trace, eager, _floats(x=x), ("x",))

    return _first(subject, "x", [_images(), _images(channels=2), _table()], make)


def model(subject: Subject) -> Case:
    """Trace a model in training; look at its predictions too, where each row must be by itself."""

    def make(x: Array) -> Case:
        layout = _layout(subject, x)
        flat = layout.initial(0, NODE, "float64")
        # Weights that start at zero would hide what depends on them.
        weights = flat + 0.1 * generator(0, NODE, "away").normal(size=flat.shape)
        trace = partial(_model, subject, layout)
        eager = partial(_model_eager, subject, layout)
        return Case({"x": x, "weights": weights}, trace, eager, _floats(x=x, weights=weights), ("outputs",))

    case = _first(subject, "x", [_images(), _table(), _sequences(), _tokens()], make)
    layout = _layout(subject, case.values["x"])
    with subject.when("it predicts"):
        predicting = Case(case.values, partial(_model, subject, layout, training=False))
        check_rows(subject, predicting, ("x",), "outputs")
    return case


def loss(subject: Subject) -> Case:
    """Trace a loss: one number an example, from that example alone."""

    def trace(graph: Graph, given: Tensors, options: Options) -> Tensors:
        losses = subject.stage.function(given["outputs"], given["targets"], **options)
        rows = given["outputs"].shape[:1]
        subject.require(losses.shape == rows, f"it must give one number an example, {rows}: {losses.shape}")
        return {"losses": losses}

    def eager(given: Mapping[str, Array], rng: Replay, options: Options) -> Tensors:
        return {"losses": subject.stage.function(given["outputs"], given["targets"], **options)}

    def make(pair: tuple[Array, Array]) -> Case:
        values = {"outputs": pair[0], "targets": pair[1]}
        return Case(values, trace, eager, ("outputs",), ("losses",))

    candidates = _targets(subject)
    if subject.examples:
        given = (subject.examples["outputs"], subject.examples["targets"])
        candidates = [(np.asarray(given[0]), np.asarray(given[1]))]
    case = _first(subject, "", candidates, make)
    check_rows(subject, case, ("outputs", "targets"), "losses")
    if subject.stage.own_link:
        _check_link(subject, case.values["outputs"], case.values["targets"])
    return case


def _check_link(subject: Subject, outputs: Array, targets: Array) -> None:
    """Check that a loss's own link gives one finite prediction a column, each row's by itself."""
    link = link_of(subject.stage, subject.options)
    with subject.when("its link is given outputs"):
        found = predictions(locked(outputs), link, "regression")
        alone = predictions(locked(outputs[:1]), link, "regression")
    wanted = (len(outputs), 1 if targets.ndim == 1 else targets.shape[1])
    subject.require(found.shape == wanted, f"its link must give {wanted}, and gives {found.shape}")
    subject.require(np.isfinite(found).all(), "its link gives NaN or infinity")
    subject.require(close(found[:1], alone, 1e-9), "its link mixes rows")


def regularizer(subject: Subject) -> Case:
    """Trace a regularizer on the objective of a small network; the gradient of what it adds is checked.

    Targets are numbers, or classes for a regularizer that refuses numbers.  There are unlabelled examples,
    and a head `auxiliary` of two outputs with further targets of that name, of which some are unknown (-1).
    """
    x = np.asarray(subject.examples.get("x", _table()))
    layout = _layout(subject, x, probes.PROBES["model.probe_net"].function, {"outputs": OUTPUTS})
    weights, further = layout.initial(0, NODE, "float64"), np.arange(len(x)) % 3 - 1

    def trace(graph: Graph, given: Tensors, options: Options) -> Tensors:
        objective = _objective(graph, given, layout)
        with objective.acting(NODE):
            subject.stage.function(objective, **options)
        total = objective.total()
        names = list(layout.parameters)
        found = gradient(total, [objective.parameters[name] for name in names])
        changed = objective.changed_gradients(dict(zip(names, found, strict=True)))
        before = objective.before()
        stepped = {name: before[name] - 0.1 * changed[name] for name in names}
        return {"total": total, "weights": layout.flat(objective.after(stepped))}

    def make(y: Array) -> Case:
        values = {"x": x, "y": y, "weights": weights, "unlabelled": x[::-1] + 0.1, "further": further}
        return Case(values, trace, None, _floats(**values), ("total",))

    def act(case: Case) -> None:
        graph = Graph("float64")
        given = {name: graph.input(name, value.shape, value.dtype) for name, value in case.values.items()}
        objective = _objective(graph, given, layout)
        with objective.acting(NODE):
            subject.stage.function(objective, **subject.placed.traced_options(graph))
        check_rules(subject, objective.after_epoch_rules, graph)

    numbers = subject.examples.get("y", generator(0, NODE, "y").normal(size=(len(x), OUTPUTS)))
    case = make(np.asarray(numbers))
    with subject.when("it acts on the objective"):
        try:
            act(case)
        except DataError:
            case = make(np.arange(len(x)) % OUTPUTS)
            act(case)
    return case


def optimizer(subject: Subject) -> Case:
    """Trace three steps of an optimizer; the state must keep its structure."""
    rng = generator(0, NODE, "gradients")
    values = {"w": rng.normal(size=(4, 3)), **{f"g{t}": rng.normal(size=(4, 3)) for t in (1, 2, 3)}}
    values = {name: np.asarray(subject.examples.get(name[0], value)) for name, value in values.items()}
    values |= {f"t{t}": np.asarray(float(t)) for t in (1, 2, 3)}

    def steps(given: Tensors, options: Options, apply: Any) -> Tensors:
        w, state, found = given["w"], None, {}
        for t in (1, 2, 3):
            w, state = apply(
                partial(subject.stage.function, **options), w, given[f"g{t}"], state, given[f"t{t}"]
            )
            found[f"w{t}"] = w
        return found

    def trace(graph: Graph, given: Tensors, options: Options) -> Tensors:
        return steps(given, options, optimizing.apply)

    def eager(given: Mapping[str, Array], rng: Replay, options: Options) -> Tensors:
        return steps(given, options, lambda function, w, g, state, t: function(w, g, state, float(t)))

    return Case(values, trace, eager, ("w", "g1", "g2", "g3"))


def schedule(subject: Subject) -> Case:
    """Trace a schedule at its first, some and its last step: one factor each."""
    steps = int(subject.examples.get("steps", 20))
    values = {f"t{t}": np.asarray(float(t)) for t in sorted({1, 2, steps // 2, steps})}

    def trace(graph: Graph, given: Tensors, options: Options) -> Tensors:
        found = {}
        for name, t in given.items():
            factor = subject.stage.function(t, steps, **options)
            subject.require(
                np.shape(factor) == () or factor.shape == (), f"it must give one factor: {factor!r}"
            )
            found[f"factor at {name}"] = factor
        return found

    def eager(given: Mapping[str, Array], rng: Replay, options: Options) -> Tensors:
        return {
            f"factor at {name}": subject.stage.function(float(t), steps, **options)
            for name, t in given.items()
        }

    return Case(values, trace, eager)


def _first(subject: Subject, argument: str, candidates: Sequence[Any], make: Any) -> Case:
    """Return the case of the first example that can be traced."""

    def attempt(example: Any) -> Case:
        case: Case = make(
            tuple(map(np.asarray, example)) if isinstance(example, tuple) else np.asarray(example)
        )
        Trace(subject, case, "float64")
        return case

    return subject.accepted(argument, candidates, attempt)[0][1]


def _layout(subject: Subject, x: Array, function: Any = None, options: Options | None = None) -> Layout:
    graph = Graph("float64")
    net = discover(graph)
    given = graph.input("x", x.shape, None if x.dtype.kind == "f" else x.dtype)
    if function is None:
        function, options = subject.stage.function, subject.placed.traced_options(graph)
    function(given, net, **(options or {}))
    subject.require(net.declared, "it makes no parameters, so there is nothing to train")
    return Layout(list(net.declared.values()))


def _model(
    subject: Subject, layout: Layout, graph: Graph, given: Tensors, options: Options, training: bool = True
) -> Tensors:
    rng: Any = TracedRandom(graph, NODE) if training else NoRandom()
    net = Net(bound(layout.bind(given["weights"])), rng=rng, training=training)
    outputs = subject.stage.function(given["x"], net, **options)
    wanted = (given["x"].shape[0], options.get("outputs", OUTPUTS))
    fits = isinstance(outputs, Tensor) and (outputs.shape == wanted or "outputs" not in options)
    subject.require(fits, f"it must give outputs (batch, outputs), {wanted}, and gives {outputs!r}")
    return {"outputs": outputs}


def _model_eager(
    subject: Subject, layout: Layout, given: Mapping[str, Array], rng: Replay, options: Options
) -> Tensors:
    parameters = layout.bind(given["weights"])
    net = Net(lambda parameter: parameters[parameter.name], rng=rng, training=True)
    return {"outputs": subject.stage.function(given["x"], net, **options)}


def _objective(graph: Graph, given: Tensors, layout: Layout) -> Objective:
    classes = OUTPUTS if given["y"].dtype.kind == "i" else 0
    return Objective(
        given["x"],
        given["y"],
        layout.bind(given["weights"]),
        layout.parameters,
        model=partial(probes.PROBES["model.probe_net"].function, outputs=classes or given["y"].shape[-1]),
        model_node="net",
        loss=partial(_probe_loss, classes),
        classes=classes,
        auxiliary={"auxiliary": given["further"]},
        unlabelled=partial(_repeated, given["unlabelled"]),
    )


def _repeated(x: Tensor, rows: int) -> Tensor:
    """Return as many rows as are asked for, those of `x` again and again."""
    count = -(-rows // x.shape[0])
    return ops.concatenate([x] * count)[:rows]  # type: ignore[no-any-return]


def _probe_loss(classes: int, outputs: Tensor, targets: Tensor) -> Any:
    if not classes:
        return probes.PROBES["loss.probe_loss"].function(outputs, targets)
    if targets.ndim == 1:
        return probes.PROBES["loss.probe_surprise"].function(outputs, targets)
    return -ops.sum(targets * ops.log_softmax(outputs), axis=-1)


def _floats(**values: Array) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if value.dtype.kind == "f")


def _images(channels: int = 0) -> Array:
    shape = (3, 8, 8, channels) if channels else (3, 8, 8)
    return generator(0, NODE, "images").random(shape) + 0.1


def _table() -> Array:
    return generator(0, NODE, "table").normal(size=(5, 4))


def _sequences() -> Array:
    return generator(0, NODE, "sequences").normal(size=(3, 6, 4))


def _tokens() -> Array:
    return generator(0, NODE, "tokens").integers(0, 2, size=(3, 6))


def _targets(subject: Subject) -> list[tuple[Array, Array]]:
    """Return outputs with targets of the forms that a loss with this link may want."""
    rng = generator(0, NODE, "outputs")

    def outputs(count: int) -> Array:
        return rng.normal(size=(5, subject.stage.outputs(count, subject.options)))

    several, one = outputs(OUTPUTS), outputs(1)
    shares = rng.random((5, OUTPUTS))
    forms = {
        "softmax": [(several, np.arange(5) % OUTPUTS), (several, shares / shares.sum(axis=1, keepdims=True))],
        "sigmoid": [(one, np.arange(5) % 2), (several, shares), (several, np.arange(5) % OUTPUTS)],
    }
    numbers = [(several, shares), (one, shares[:, 0]), (several, np.arange(5) % OUTPUTS)]
    return forms.get(subject.stage.link, numbers)
