"""B11: baselines from scikit-learn, and where methods that look near a row fail."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics, values
from pipeline.results import Results

ROW = Row(
    id="B11",
    name="Baselines, and the curse of dimensionality",
    sentence="k nearest neighbours, decision tree, generalised linear model and prior are models like any "
    "other; two axes colour a checkerboard, and axes without meaning ruin neighbours and trees, not a net "
    "(3 draws)",
    source="Cover & Hart 1967; Breiman et al. 1984; Bengio, Delalleau & Le Roux 2006",
    stages=("model.prior", "model.neighbours", "model.tree", "model.glm", "train.estimator"),
    dags=("baselines.yaml", "curse.yaml"),
    bars={
        "digits: net's log loss, of the best baseline's": AtMost(0.7),
        "digits: least baseline above the prior": AtLeast(0.5),
        "neighbours' error, 24 axes less 2": AtLeast(0.15),
        "tree's error, 24 axes less 2": AtLeast(0.15),
        "net's error, 24 axes less 2": AtMost(0.05),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return measures on digits, and what 22 axes without meaning add to the errors on a checkerboard."""
    digits, board = runs("baselines.yaml"), runs("curse.yaml")
    learned = ("tree", "near", "line")
    loss = {name: metrics(digits, f"of_{name}")["log_loss"] for name in ("net", *learned)}
    accuracy = {name: metrics(digits, f"of_{name}")["accuracy"] for name in ("prior", *learned)}
    return {
        "digits: net's log loss, of the best baseline's": loss["net"] / min(loss[name] for name in learned),
        "digits: least baseline above the prior": min(accuracy[name] for name in learned) - accuracy["prior"],
        "neighbours' error, 24 axes less 2": _growth(board, "of_near"),
        "tree's error, 24 axes less 2": _growth(board, "of_tree"),
        "net's error, 24 axes less 2": _growth(board, "of_net"),
    }


def _growth(results: Results, node: str) -> float:
    """Return the mean error with 24 axes less that with 2, over the draws."""
    few, many = (values(results, node, "accuracy", board__dimensions=axes) for axes in (2, 24))
    return fmean(few) - fmean(many)
