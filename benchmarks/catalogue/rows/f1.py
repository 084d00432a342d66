"""F1: the graph of a small trained net, each node with its value and its adjoint."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs
from pipeline import calculus, ops

ROW = Row(
    id="F1",
    name="Computational graph",
    sentence="a function's graph in a forward and a reverse sweep: every node with its value and the value's "
    "derivative to it, as data and drawn; of a trained net on one example, in `plait report`",
    source="Goodfellow et al. 2016, section 6.5; Griewank & Walther 2008, section 3.2",
    stages=("evaluate.graph",),
    functions=("pipeline.calculus.draw", "pipeline.calculus.sweeps"),
    dags=("graph.yaml",),
    bars={
        "nodes drawn in both sweeps, share": AtLeast(1),
        "values and adjoints against the formulas, relative error": AtMost(1e-9),
        "accuracy of the net that is drawn": AtLeast(0.9),
    },
)
BOXES = "{http://www.w3.org/2000/svg}rect"


def figures(runs: Runs) -> Mapping[str, float]:
    """Draw a net whose derivatives are known by hand, and run the file that draws a trained one."""
    results = runs("graph.yaml")
    drawn = results.exhibits("graph")["graph"]
    panels = list(ElementTree.fromstring(drawn.svg))[-2:]  # type: ignore[attr-defined]
    boxes = [len(list(panel.iter(BOXES))) for panel in panels]
    arrows = [sum(1 for child in panel if child.get("marker-end")) for panel in panels]
    complete = boxes[0] == boxes[1] and arrows[0] >= boxes[0] - 1
    return {
        "nodes drawn in both sweeps, share": float(complete),
        "values and adjoints against the formulas, relative error": _error(),
        "accuracy of the net that is drawn": results.nodes["score"]["metrics"]["accuracy"],
    }


def _error() -> float:
    """Return the largest relative error at the nodes of mean(tanh(xW + b)²)."""
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(1, 4))
    h = np.tanh(x @ w + b)
    at_h = 2 * h / h.size
    at_sum = at_h * (1 - h**2)
    expected = {
        "x": (x, at_sum @ w.T),
        "w": (w, x.T @ at_sum),
        "b": (b, at_sum.sum(axis=0, keepdims=True)),
        "matmul": (x @ w, at_sum),
        "add": (x @ w + b, at_sum),
        "tanh": (h, at_h),
    }
    nodes = calculus.sweeps(_loss, x, w, b, names=("x", "w", "b"))
    found = {node.name or node.operation: (node.value, node.adjoint) for node in nodes}
    pairs = [
        (ours, right) for name in expected for ours, right in zip(found[name], expected[name], strict=True)
    ]
    return max(float(np.abs(ours - right).max() / np.abs(right).max()) for ours, right in pairs)


def _loss(x, w, b):  # type: ignore[no-untyped-def]
    return ops.mean(ops.square(ops.tanh(x @ w + b)))
