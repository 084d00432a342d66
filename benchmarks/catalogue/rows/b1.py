"""B1: classification and regression."""

from collections.abc import Mapping
from statistics import fmean

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics

ROW = Row(
    id="B1",
    name="Classification and regression",
    sentence="Digits by an ensemble of the best of 24 nets, tumours by a committee, how diabetes goes on by "
    "small nets against least squares (5 splits)",
    source="Goodfellow et al. 2016, 5.1.1",
    stages=(
        "transform.standardize",
        "transform.one_hot",
        "train.minibatch",
        "evaluate.classification",
        "evaluate.regression",
    ),
    dags=("digits.yaml", "breast_cancer.yaml", "diabetes.yaml", "categories.yaml"),
    bars={
        "digits, accuracy": AtLeast(0.975),
        "breast_cancer, accuracy": AtLeast(0.96),
        "diabetes: nets' RMSE, of least squares'": AtMost(1.0),
    },
)
SEEDS = range(1, 6)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return accuracies on test rows, and the ratio of mean errors over five splits."""
    patients = [runs("diabetes.yaml", seed=seed) for seed in SEEDS]
    error = {node: fmean(metrics(each, node)["rmse"] for each in patients) for node in ("score", "against")}
    return {
        "digits, accuracy": metrics(runs("digits.yaml"), "score")["accuracy"],
        "breast_cancer, accuracy": metrics(runs("breast_cancer.yaml"), "score")["accuracy"],
        "diabetes: nets' RMSE, of least squares'": error["score"] / error["against"],
    }
