"""B8: maximum likelihood and divergence."""

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import measures
from pipeline.stages.registry import Registry

ROW = Row(
    id="B8",
    name="Maximum likelihood, divergence, cross-entropy",
    sentence="What a loss of probabilities costs is the data's entropy and the model's divergence from them; "
    "the likeliest logistic regression is the same by one output, by two, and as scikit-learn solves it",
    source="Shannon 1948; Kullback & Leibler 1951; Goodfellow et al. 2016, 3.13 and 5.5",
    stages=("model.linear", "loss.softmax", "loss.bernoulli"),
    functions=(
        "pipeline.measures.entropy",
        "pipeline.measures.cross_entropy",
        "pipeline.measures.kl_divergence",
    ),
    dags=("likelihood.yaml",),
    bars={
        "cross-entropy less entropy and divergence, largest": AtMost(1e-9),
        "softmax loss less entropy and divergence, largest": AtMost(1e-9),
        "divergence, furthest from SciPy's": AtMost(1e-9),
        "breast_cancer: log losses of three optima differ by": AtMost(1e-3),
    },
)
ROWS = 10_000


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how well identities hold on random distributions, and how far three optima are apart."""
    from scipy.stats import entropy

    rng = np.random.default_rng(0)
    p, logits = rng.dirichlet(np.full(6, 0.5), ROWS), 4 * rng.standard_normal((ROWS, 6))
    q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    divergence = measures.kl_divergence(p, q)
    together = measures.entropy(p) + divergence
    loss = Registry().stage("loss.softmax").function(logits, p)
    cells = runs("likelihood.yaml")
    losses = [metrics(cells, f"of_{name}")["log_loss"] for name in ("one", "two", "exact")]
    return {
        "cross-entropy less entropy and divergence, largest": _most(measures.cross_entropy(p, q) - together),
        "softmax loss less entropy and divergence, largest": _most(loss - together),
        "divergence, furthest from SciPy's": _most(divergence - entropy(p, q, axis=1)),
        "breast_cancer: log losses of three optima differ by": max(losses) - min(losses),
    }


def _most(differences: np.ndarray) -> float:
    return float(np.abs(differences).max())
