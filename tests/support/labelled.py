"""An objective of a small net on labelled and unlabelled examples, run at given numbers, for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend
from pipeline.engine.random import fill, generator
from pipeline.stages.net import discover
from pipeline.stages.objective import Objective

ROWS, FEATURES, CLASSES = 6, 4, 3


def net(x: Any, net: Any) -> Any:
    """A tanh layer and a linear one, with a head `parity` of two outputs and a head `size` of one."""
    h = ops.tanh(net.dense(ops.flatten(x), 5, name="hidden"))
    net.head("parity", net.dense(h, 2, name="parity"))
    net.head("size", net.dense(h, 1, name="size"))
    return net.dense(h, CLASSES, name="out")


def surprise(outputs: Any, targets: Any) -> Any:
    """The negative log-likelihood of each example's class."""
    return -ops.sum(
        ops.cast(ops.one_hot(targets, CLASSES), outputs.dtype) * ops.log_softmax(outputs), axis=-1
    )


class Acted:
    """What a regularizer makes of the objective: numbers by name, at random but fixed weights and inputs."""

    def __init__(self, regularizer: Callable[[Objective], None], watch: Any = None, **given: Any):
        graph = Graph("float64")
        self.values = {name: np.asarray(value) for name, value in {**examples(), **given}.items()}
        inputs = {name: graph.input(name, v.shape, v.dtype) for name, v in self.values.items()}
        declared = discover_net(graph, inputs["x"])
        parameters = {name: graph.inputs[f"parameter:{name}"] for name in declared}
        self.objective = Objective(
            inputs["x"],
            inputs["y"],
            parameters,
            declared,
            model=net,
            model_node="net",
            loss=surprise,
            classes=CLASSES,
            auxiliary={name: inputs[name] for name in ("parity", "size")},
            unlabelled=lambda rows: inputs["u"],
            t=inputs["t"],
        )
        with self.objective.acting("node"):
            regularizer(self.objective)
            watched = watch(self.objective) if watch else {}
        total = self.objective.total()
        found = {"total": total, "loss": self.objective.loss, **watched}
        slopes = gradient(total, list(parameters.values()))
        found |= {f"d {name}": slope for name, slope in zip(parameters, slopes, strict=True)}
        program = Program(graph, {**found, **parameters})
        self.found = run(program, self.values)
        self.weights = {name: self.found[name] for name in parameters}

    def __getitem__(self, name: str) -> Any:
        return self.found[name]

    @property
    def added(self) -> float:
        """What was added to the loss."""
        return float(self["total"] - self["loss"])

    def by_hand(self, x: Any, xp: Any = np) -> Any:
        """Return the net's outputs for inputs (rows, FEATURES), with NumPy or autograd's."""
        w = self.weights
        h = xp.tanh(xp.dot(x, w["hidden.weights"]) + w["hidden.bias"])
        return xp.dot(h, w["out.weights"]) + w["out.bias"]


def examples() -> Mapping[str, Any]:
    rng = generator(0, "examples")
    return {
        "x": rng.normal(size=(ROWS, FEATURES)),
        "y": np.arange(ROWS) % CLASSES,
        "u": rng.normal(size=(ROWS + 2, FEATURES)),
        "parity": np.array([0, 1, -1, 1, -1, 0]),
        "size": rng.normal(size=ROWS),
        "t": 1.0,
    }


def discover_net(graph: Graph, x: Any) -> Any:
    found = discover(graph)
    net(x, found)
    return found.declared


def run(program: Program, values: Mapping[str, Any]) -> dict[str, Any]:
    executor = program.bind(1, (), numpy_backend())
    for name, buffer in executor.inputs.items():
        if name in program.randoms:
            fill(program.randoms[name].kind, buffer, 0, *program.randoms[name].key)
        elif name in values:
            buffer[...] = values[name]
        else:
            buffer[...] = 0.7 * generator(0, name).standard_normal(buffer.shape)
    executor.run()
    return {name: np.array(array) for name, array in executor.outputs.items()}
