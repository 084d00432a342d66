"""N8: functions that neither overflow nor lose their digits, for inputs to ±1e4 in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend

ROW = Row(
    id="N8",
    name="Stable primitives",
    sentence="softmax, log-softmax, logsumexp, sigmoid, log-sigmoid, softplus, cross-entropies from logits; "
    "`ops.sqrt` and `ops.log` with a floor, below which the derivative is 0; sums that carry their rounding "
    "errors along",
    source="Goodfellow et al. 2016, 4.1; Blanchard, Higham & Higham 2021; Ogita, Rump & Oishi 2005",
    functions=(
        "pipeline.engine.ops.cross_entropy",
        "pipeline.engine.ops.binary_cross_entropy",
        "pipeline.engine.ops.log_sigmoid",
        "pipeline.engine.ops.sum",
    ),
    dags=("precision.yaml",),
    bars={
        "error beside 50 digits, relative to the larger of value and 1, largest": AtMost(1e-6),
        "derivatives that are not finite": AtMost(0),
        "error of a compensated sum of 12,004 numbers, last places": AtMost(0.5),
        "accuracy with logits in thousands, least of 3 seeds": AtLeast(0.85),
    },
)

Value = Any
EDGES = [0.0, -0.0, 1e-45, -1e-45, 1e-38, -1e-7, 1.0, 16.6, -16.7, 88.7, 88.8, -104, 1e4, -1e4]


def _softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x))


# of rows of logits, or of each number: plait's function and that of many digits
ROWS: Mapping[str, tuple[Callable[..., Value], Callable[[list[Any]], Any]]] = {
    "softmax": (ops.softmax, lambda row: [mpmath.exp(x - _logsumexp(row)) for x in row]),
    "log_softmax": (ops.log_softmax, lambda row: [x - _logsumexp(row) for x in row]),
    "logsumexp": (ops.logsumexp, lambda row: [_logsumexp(row)]),
    "cross entropy": (
        lambda x: ops.cross_entropy(x, np.zeros(x.shape[0], np.int64)),
        lambda row: [_logsumexp(row) - row[0]],
    ),
}
EACH: Mapping[str, tuple[Callable[..., Value], Callable[[Any], Any]]] = {
    "sigmoid": (ops.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "log_sigmoid": (ops.log_sigmoid, lambda x: -_softplus(-x)),
    "softplus": (ops.softplus, _softplus),
    "tanh": (ops.tanh, mpmath.tanh),
    "binary cross entropy": (
        lambda x: ops.binary_cross_entropy(x, np.full(x.shape, 0.25, np.float32)),
        lambda x: _softplus(-x) / 4 + 3 * _softplus(x) / 4,
    ),
    "sqrt above a floor": (
        lambda x: ops.sqrt(x, floor=0.25),
        lambda x: mpmath.sqrt(max(x, 0.25)),
    ),
    "log above a floor": (
        lambda x: ops.log(x, floor=0.25),
        lambda x: mpmath.log(max(x, 0.25)),
    ),
}


def figures(runs: Runs) -> Mapping[str, float]:
    """Return errors beside 50 digits, how many derivatives are bad, how a net of large logits does."""
    rng = np.random.default_rng(0)
    wide = rng.uniform(-1, 1, size=(60, 7)) * 10.0 ** rng.integers(-3, 5, size=(60, 1))
    x = np.concatenate([wide, np.resize(EDGES, (6, 7)), np.full((1, 7), 1e4)]).astype(np.float32)
    functions = [function for function, _ in (*ROWS.values(), *EACH.values())]
    return {
        "error beside 50 digits, relative to the larger of value and 1, largest": _error(x),
        "derivatives that are not finite": sum(_infinite(function, x) for function in functions),
        "error of a compensated sum of 12,004 numbers, last places": _last_places(),
        "accuracy with logits in thousands, least of 3 seeds": min(
            values(runs("precision.yaml"), "score", "accuracy")
        ),
    }


def _error(x: np.ndarray) -> float:
    with mpmath.workdps(50), np.errstate(all="ignore"):
        numbers = [[mpmath.mpf(float(one)) for one in row] for row in x]
        worst = [
            _largest(function(x), [known for row in numbers for known in reference(row)])
            for function, reference in ROWS.values()
        ]
        worst += [
            _largest(function(x), [reference(one) for row in numbers for one in row])
            for function, reference in EACH.values()
        ]
    return max(worst)


def _largest(found: np.ndarray, known: list[Any]) -> float:
    pairs = zip(found.reshape(-1), known, strict=True)
    return max(float(abs(mpmath.mpf(float(a)) - b) / max(abs(b), 1)) for a, b in pairs)


def _logsumexp(row: list[Any]) -> Any:
    return mpmath.log(mpmath.fsum(mpmath.exp(x - max(row)) for x in row)) + max(row)


def _infinite(function: Callable[..., Value], x: np.ndarray) -> int:
    """Return how many derivatives of the sum of a traced function are not finite."""
    graph = Graph("float32")
    tensor = graph.input("x", x.shape)
    slope = gradient(ops.sum(function(tensor)), [tensor])[0]
    executor = Program(graph, {"slope": slope}).bind(1, (), numpy_backend())
    executor.inputs["x"][...] = x
    executor.run()
    return int((~np.isfinite(executor.outputs["slope"])).sum())


def _last_places() -> float:
    x = np.float32([1e8, 1.0, -1e8, 1e-3] * 3001)
    exact = mpmath.fsum(float(one) for one in x)
    found = ops.sum(x, compensated=True)
    return float(abs(mpmath.mpf(float(found)) - exact) / float(np.spacing(np.float32(float(exact)))))
