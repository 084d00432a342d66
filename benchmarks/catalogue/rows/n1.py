"""N1: directional derivatives, Jacobian-vector and vector-Jacobian products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.catalogue.problems import difference, logistic
from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import ops
from pipeline.calculus import Function

ROW = Row(
    id="N1",
    name="Directional derivatives, JVP and VJP",
    sentence="u'∇f is the derivative of f(x + αu) to α; products of the Jacobian without it; "
    "along a trained net's steepest descent the derivative is minus the gradient's length",
    source="Griewank & Walther 2008, chapter 3; Goodfellow et al. 2016, section 4.3",
    functions=("pipeline.calculus.Function",),
    stages=("evaluate.curvature",),
    dags=("curvature.yaml",),
    bars={
        "JVP, relative difference to autograd": AtMost(1e-9),
        "VJP, relative difference to autograd": AtMost(1e-9),
        "directional derivative, to central differences": AtMost(1e-6),
        "trained net: slope against gradient norm": AtMost(1e-9),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return differences of products to autograd's, and of directional derivatives to differences."""
    around = metrics(runs("curvature.yaml"), "around")
    slope = abs(around["slope"] + around["gradient_norm"]) / around["gradient_norm"]
    return {**_products(), **_differences(), "trained net: slope against gradient norm": slope}


def _products() -> Mapping[str, float]:
    import autograd
    import autograd.numpy as anp
    from autograd.differential_operators import make_jvp

    rng = np.random.default_rng(0)
    a, x, v, u = (rng.normal(size=shape) for shape in ((30, 20), (20,), (20,), (30,)))

    def f(x: Any, o: Any = ops) -> Any:
        return o.tanh(a @ x) * o.exp(0.1 * x[0]) + (a @ x) ** 2

    mine = Function(f, x)
    jvp = make_jvp(lambda x: f(x, anp))(x)(v)[1]
    vjp = autograd.make_vjp(lambda x: f(x, anp))(x)[0](u)
    return {
        "JVP, relative difference to autograd": difference(mine.jvp(x, v), jvp),
        "VJP, relative difference to autograd": difference(mine.vjp(x, u), vjp),
    }


def _differences() -> Mapping[str, float]:
    f, rng, h = logistic(), np.random.default_rng(1), 1e-5
    x, u = rng.normal(size=31), rng.normal(size=31)
    central = (f(x + h * u) - f(x - h * u)) / (2 * h)
    return {"directional derivative, to central differences": difference(f.directional(x, u), central)}
