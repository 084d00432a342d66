"""The gradient check: what the step computes against central differences of the objective, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine import Executor, Graph, Program, gradient, numpy_backend
from pipeline.engine.random import fill
from pipeline.stages.doctor.finding import Finding
from pipeline.stages.doctor.patient import Patient
from pipeline.stages.net import Layout
from pipeline.stages.objective import Objective
from pipeline.stages.step import STEP, UNLABELLED, WEIGHTS, StepTracer, discovered
from pipeline.stages.tables import Table

Array = NDArray[Any]
NAME = "gradients"
ROWS = 8
STEP_SIZE = 1e-6
TOLERANCE = 1e-4
DIRECTIONS = 3


def check_gradients(patient: Patient) -> Finding:
    """Compare the gradient with respect to each parameter with central differences along random directions.

    A kink between the two points of a difference can only mislead one direction: the closest of three counts.
    """
    slopes = _Slopes(patient)
    if not slopes.names:
        return Finding(NAME, "not checked", "the model has no parameters that a gradient trains")
    if slopes.stops:
        return Finding(NAME, "not checked", "a part of the objective stops gradients on purpose")
    errors = {name: slopes.error(name) for name in slopes.names}
    worst = max(errors, key=lambda name: errors[name])
    told = f"relative error at most {errors[worst]:.1e} ({worst}), against central differences in float64"
    wrong = [name for name, error in errors.items() if error > TOLERANCE]
    advice = (
        f"wrong for {', '.join(wrong)}: look at the operations between {'it' if len(wrong) == 1 else 'them'} "
        "and the loss"
    )
    return Finding.of(NAME, not wrong, told, advice)


class _Slopes:
    """The objective of a minibatch with fixed noise, at weights near the initial ones."""

    def __init__(self, patient: Patient):
        self._patient = patient
        table = Table.of(patient.data, "train", "float64", numpy_backend())
        rows = min(ROWS, len(table))
        layout = discovered(patient.parts, table.batch, "float64", f"data of {patient.spec.node}")
        self._layout = layout
        self.names = list(layout.trained.parameters)
        graph = Graph("float64")
        tracer = StepTracer(patient.parts, layout, table.batch, "float64")
        objective = tracer.objective(graph, rows, graph.input(STEP, ()), 100)
        self.stops = any(i.primitive.name == "stop_gradient" for i in graph.instructions)
        self._executor = _bound(graph, objective, self.names)
        self._fill(patient, table, rows, layout)

    def error(self, name: str) -> float:
        """Return how far the gradient with respect to a parameter is from differences, relatively."""
        rng = self._patient.rng("direction", name)
        return min(self._error(name, rng) for _ in range(DIRECTIONS))

    def _error(self, name: str, rng: np.random.Generator) -> float:
        where = self._layout.slices[name]
        direction = rng.normal(size=where.stop - where.start)
        direction /= np.linalg.norm(direction)
        found = float(self._at(where, 0 * direction)[name].ravel() @ direction)
        ahead, behind = (self._at(where, h * direction)["total"] for h in (STEP_SIZE, -STEP_SIZE))
        expected = float(ahead - behind) / (2 * STEP_SIZE)
        return abs(found - expected) / max(abs(found), abs(expected), 1e-3)

    def _at(self, where: slice, change: Array) -> Mapping[str, Array]:
        self._executor.inputs[WEIGHTS][...] = self._weights
        self._executor.inputs[WEIGHTS][where] += change
        self._executor.run()
        return {name: np.array(array) for name, array in self._executor.outputs.items()}

    def _fill(self, patient: Patient, table: Table, rows: int, layout: Layout) -> None:
        inputs = self._executor.inputs
        start = layout.initial(patient.seed, patient.parts.model.node, "float64")
        # biases that are 0, and weights that begin so, would hide what depends on them
        self._weights = start + 0.05 * patient.rng("away").normal(size=start.shape)
        given = {name: array[:rows] for name, array in table.columns.items()}
        for name, value in {**given, **patient.options, STEP: 1, **_unlabelled(table, inputs)}.items():
            if name in inputs:
                inputs[name][...] = value
        for name, random in self._executor.program.graph.randoms.items():
            if name in inputs:
                fill(random.kind, inputs[name], patient.seed, patient.spec.node, "doctor", name)


def _bound(graph: Graph, objective: Objective, names: list[str]) -> Executor:
    total = objective.total()
    found = gradient(total, [objective.parameters[name] for name in names])
    outputs = {"total": total, **dict(zip(names, found, strict=True))}
    return Program(graph, outputs).bind(1, (), numpy_backend())


def _unlabelled(table: Table, inputs: Mapping[str, Array]) -> dict[str, Array]:
    if table.unlabelled is None or UNLABELLED not in inputs:
        return {}
    return {UNLABELLED: np.resize(table.unlabelled, inputs[UNLABELLED].shape)}
