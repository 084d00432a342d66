from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend
from pipeline.engine.random import fill, generator
from pipeline.stages.net import discover
from pipeline.stages.objective import Objective


def seen_and_mapped(x, net):
    """Mark the inputs as hidden units, so that a test sees what reaches them; map them linearly."""
    return net.dense(net.hidden(ops.flatten(x), "seen"), 3, name="out")


def square(outputs, targets):
    return ops.sum(ops.square(outputs - targets), axis=-1)


@pytest.fixture
def make_objective():
    """Return an objective of a linear model with squared loss."""

    def make(rows, features, **more):
        graph = Graph("float64")
        x, y = graph.input("x", (rows, features)), graph.input("y", (rows, 3))
        net = discover(graph)
        seen_and_mapped(x, net)
        parameters = {name: graph.inputs[f"parameter:{name}"] for name in net.declared}
        return Objective(
            x, y, parameters, net.declared, model=seen_and_mapped, model_node="net", loss=square, **more
        )

    return make


@pytest.fixture
def acted(make_objective):
    """Let a regularizer act, run the objective at fixed random numbers, return what comes of it."""

    def act(*regularizers, rows=4, features=5, lr=0.1, t=1.0):
        objective = make_objective(rows, features, lr=lambda: lr, t=t)
        for number, regularizer in enumerate(regularizers):
            with objective.acting(f"node{number}"):
                regularizer(objective)
        total, parameters = objective.total(), objective.parameters
        slopes = dict(zip(parameters, gradient(total, list(parameters.values())), strict=True))
        outputs = {"total": total, "loss": objective.loss, "seen": objective.hidden["seen"]}
        outputs |= {"outputs": objective.outputs}
        outputs |= {f"d{name}": slope for name, slope in objective.changed_gradients(slopes).items()}
        outputs |= {f"parameter:{name}": parameter for name, parameter in parameters.items()}
        outputs |= {f"before.{name}": w for name, w in objective.before().items()}
        outputs |= {f"after.{name}": w for name, w in objective.after(parameters).items()}
        program = Program(total.graph, {**outputs, "x": objective.inputs})
        return SimpleNamespace(**run(program))

    return act


@pytest.fixture
def changed_examples():
    """Return inputs and targets as a regularizer changes them before the model and the loss see them."""

    def changed(regularizer, inputs, targets, classes=0, **options):
        graph = Graph("float64")
        seen = {}
        x = graph.input("x", inputs.shape)
        y = graph.input("y", targets.shape, targets.dtype)
        net = discover(graph)
        seen_and_mapped(x, net)
        parameters = {name: graph.inputs[f"parameter:{name}"] for name in net.declared}

        def model(x, net):
            seen["x"] = x
            return seen_and_mapped(x, net)

        def loss(outputs, targets):
            seen["y"] = targets
            return ops.sum(outputs, axis=-1)

        objective = Objective(
            x, y, parameters, net.declared, model=model, model_node="net", loss=loss, classes=classes
        )
        with objective.acting("node"):
            partial(regularizer, **options)(objective)
        total = objective.loss
        found = run(Program(total.graph, seen), x=inputs, y=targets)
        return found["x"], found["y"]

    return changed


@pytest.fixture
def changed_targets(changed_examples):
    """Return targets as a regularizer changes them before the loss sees them."""

    def changed(regularizer, targets, classes=0, **options):
        return changed_examples(regularizer, np.zeros((len(targets), 2)), targets, classes, **options)[1]

    return changed


def run(program, **given):
    executor = program.bind(1, (), numpy_backend())
    for name, buffer in executor.inputs.items():
        if name in program.randoms:
            fill(program.randoms[name].kind, buffer, 0, *program.randoms[name].key)
        elif name in given:
            buffer[...] = given[name]
        else:
            buffer[...] = generator(0, name).standard_normal(buffer.shape)
    executor.run()
    return {
        name.replace("parameter:", "").replace(".", "_"): np.array(array)
        for name, array in executor.outputs.items()
    }
