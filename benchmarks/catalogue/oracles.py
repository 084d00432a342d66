"""Values and gradients that another library computed, kept in tests/oracles, and the distance from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.process import ROOT
from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend
from pipeline.stages.net import Net, bound

Case = Mapping[str, np.ndarray]


def case(file: str, name: str) -> Case:
    """Return the arrays of a case: what was given, `value`, and `d` before a name for its gradient."""
    with np.load(ROOT / "tests" / "oracles" / file) as arrays:
        prefix = f"{name}/"
        return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}


def distance(
    figures: Case,
    block: Callable[[Net, Any], Any],
    names: Mapping[str, str] | None = None,
    *,
    training: bool = True,
) -> float:
    """Return how far, at most, `block(net, x)` is from the figures: its value, the gradients of Σ sin(value).

    `names` maps the figures' names to the block's parameters; those that it leaves out begin as they do.
    """
    graph = Graph("float64")
    given = {key: array for key, array in figures.items() if key == "x" or key in (names or {})}
    inputs = {key: graph.input(key, array.shape) for key, array in given.items()}
    known = bound({name: inputs[key] for key, name in (names or {}).items()})
    fixed = set((names or {}).values())

    def make(parameter: Any) -> Any:
        return known(parameter) if parameter.name in fixed else graph.constant(parameter.initial(0, ""))

    value = block(Net(make, training=training), inputs.get("x"))
    sloped = [key for key in inputs if f"d{key}" in figures]
    slopes = gradient(ops.sum(ops.sin(value)), [inputs[key] for key in sloped])
    outputs = {"value": value, **{f"d{key}": slope for key, slope in zip(sloped, slopes, strict=True)}}
    executor = Program(graph, outputs).bind(1, (), numpy_backend())
    for key, array in given.items():
        if key in executor.inputs:
            executor.inputs[key][...] = array
    executor.run()
    return max(float(np.abs(found - figures[key]).max()) for key, found in executor.outputs.items())
