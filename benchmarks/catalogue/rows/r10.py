"""R10: sparse representations and sparse parameters."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.catalogue.against_torch import deviation
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics

ROW = Row(
    id="R10",
    name="Sparse representations",
    sentence="Digits told by few of 100 units: L1 on activations, or the divergence of their means from "
    "0.05; a classifier with most weights zero; how sparse a net is, is measured (3 seeds)",
    source="Olshausen & Field 1996; Ng 2011, Sparse autoencoder; Hoyer 2004 (JMLR 5)",
    stages=("regularizer.sparsity", "regularizer.proximal_l1", "evaluate.sparsity"),
    dags=("sparse_code.yaml",),
    bars={
        "L1, five steps beside PyTorch's": AtMost(1e-9),
        "KL, five steps beside PyTorch's": AtMost(1e-9),
        "share of quiet units with L1": AtLeast(0.6),
        "share of quiet units without": AtMost(0.5),
        "mean activation with KL, away from 0.05": AtMost(0.02),
        "share of weights that are zero, classifier": AtLeast(0.5),
        "accuracy lost by these zeros": AtMost(0.02),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return measured sparsity with and without the penalties."""
    results = runs("sparse_code.yaml")
    full, few, rare = (metrics(results, f"units_{name}") for name in ("full", "few", "rare"))
    dense, thin = (metrics(results, f"score_{name}")["accuracy"] for name in ("dense", "thin"))
    return {
        "L1, five steps beside PyTorch's": deviation("sparsity l1"),
        "KL, five steps beside PyTorch's": deviation("sparsity kl"),
        "share of quiet units with L1": few["quiet"],
        "share of quiet units without": full["quiet"],
        "mean activation with KL, away from 0.05": abs(rare["activity"] - 0.05),
        "share of weights that are zero, classifier": metrics(results, "zeros_thin")["zero_weights"],
        "accuracy lost by these zeros": dense - thin,
    }
