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
    return net.dense(net.hidden(x, "seen"), 3, name="out")


def square(outputs, targets):
    return ops.sum(ops.square(outputs - targets), axis=-1)


@pytest.fixture
def make_objective():
    """Return an objective of a linear model with squared loss."""

    def make(rows, features):
        graph = Graph("float64")
        x, y = graph.input("x", (rows, features)), graph.input("y", (rows, 3))
        net = discover(graph)
        seen_and_mapped(x, net)
        parameters = {name: graph.inputs[f"parameter:{name}"] for name in net.declared}
        return Objective(x, y, parameters, net.declared, model=seen_and_mapped, model_node="net", loss=square)

    return make


@pytest.fixture
def acted(make_objective):
    """Let a regularizer act, run the objective at fixed random numbers, return what comes of it."""

    def act(*regularizers, rows=4, features=5):
        objective = make_objective(rows, features)
        for number, regularizer in enumerate(regularizers):
            with objective.acting(f"node{number}"):
                regularizer(objective)
        total, parameters = objective.total(), objective.parameters
        slopes = dict(zip(parameters, gradient(total, list(parameters.values())), strict=True))
        outputs = {"total": total, "loss": objective.loss, "seen": objective.hidden["seen"]}
        outputs |= {f"d{name}": slope for name, slope in objective.changed_gradients(slopes).items()}
        outputs |= {f"parameter:{name}": parameter for name, parameter in parameters.items()}
        program = Program(total.graph, {**outputs, "x": objective.inputs})
        return SimpleNamespace(**run(program))

    return act


def run(program):
    executor = program.bind(1, (), numpy_backend())
    for name, buffer in executor.inputs.items():
        if name in program.randoms:
            fill(program.randoms[name].kind, buffer, 0, *program.randoms[name].key)
        else:
            buffer[...] = generator(0, name).standard_normal(buffer.shape)
    executor.run()
    return {
        name.replace("parameter:", "").replace(".", "_"): np.array(array)
        for name, array in executor.outputs.items()
    }
