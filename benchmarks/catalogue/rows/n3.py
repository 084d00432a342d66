"""N3: Jacobians, Hessians, products with a Hessian, curvature along a direction, eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.catalogue.problems import difference
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import ops
from pipeline.calculus import Function

ROW = Row(
    id="N3",
    name="Jacobian, Hessian, their products and eigenvalues",
    sentence="gradients of gradients; H v and d'Hd without H; rows of a Hessian are members of one batched "
    "call; curvature along a direction is the eigenvalues' average, weighted by the angles' squared cosines",
    source="Pearlmutter 1994; Goodfellow et al. 2016, section 4.3.1",
    functions=("pipeline.calculus.Function",),
    stages=("evaluate.curvature",),
    dags=("curvature.yaml",),
    bars={
        "Jacobian, relative difference to autograd": AtMost(1e-9),
        "Hessian, relative difference to autograd": AtMost(1e-9),
        "H v, relative difference to autograd": AtMost(1e-9),
        "asymmetry of the Hessian": AtMost(1e-12),
        "d'Hd, difference to the weighted eigenvalues": AtMost(1e-9),
        "trained nets: span of the eigenvalues": AtLeast(0.01),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return differences to autograd on a small net's loss, and the span of a trained net's eigenvalues."""
    around = metrics(runs("curvature.yaml"), "around")
    span = around["largest_eigenvalue"] - around["smallest_eigenvalue"]
    return {**_differences(), "trained nets: span of the eigenvalues": span}


def _differences() -> Mapping[str, float]:
    import autograd
    import autograd.numpy as anp

    rng = np.random.default_rng(0)
    x, y, w, v = (rng.normal(size=shape) for shape in ((25, 4), (25,), (30,), (30,)))

    def outputs(w: Any, o: Any = ops) -> Any:
        return o.tanh(x @ o.reshape(w[:20], (4, 5)) + w[20:25]) @ w[25:30]

    def loss(w: Any, o: Any = ops) -> Any:
        return o.mean((outputs(w, o) - y) ** 2)

    f, g = Function(loss, w), Function(outputs, w)
    hessian = autograd.hessian(lambda w: loss(w, anp))(w)
    values, vectors = f.eigen(w)
    unit = v / np.linalg.norm(v)
    return {
        "Jacobian, relative difference to autograd": difference(
            g.jacobian(w), autograd.jacobian(lambda w: outputs(w, anp))(w)
        ),
        "Hessian, relative difference to autograd": difference(f.hessian(w), hessian),
        "H v, relative difference to autograd": difference(f.hessian_product(w, v), hessian @ v),
        "asymmetry of the Hessian": difference(f.hessian(w), f.hessian(w).T),
        "d'Hd, difference to the weighted eigenvalues": difference(
            f.curvature(w, unit), (vectors.T @ unit) ** 2 @ values
        ),
    }
