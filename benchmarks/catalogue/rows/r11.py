"""Bagging and ensembles."""

from statistics import mean
from warnings import catch_warnings, simplefilter

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import metrics
from pipeline import stage
from pipeline.engine.random import generator

ROW = Row(
    id="R11",
    name="Bagging and ensembles",
    sentence="Networks of bootstrap samples, of settings, or of one training's cycles, combined by mean, "
    "vote, learned weights or a greedy choice.",
    source="Breiman 1996; Wolpert 1992; Caruana et al. 2004; Huang et al. 2017; Goodfellow et al. 2016, "
    "eq. 7.51",
    bars={
        "relative error of v/k + (k-1)c/k on simulated errors": AtMost(0.01),
        "relative error of the forecast for eight nets": AtMost(1e-6),
        "accuracy of bagging minus scikit-learn's, either way, mean of 3 splits": AtMost(0.015),
        "log loss of stacking minus that of the mean": AtMost(-0.05),
        "log loss of the greedy choice minus that of the mean": AtMost(-0.05),
        "accuracy of one training's snapshots": AtLeast(0.95),
    },
    dags=("bagging.yaml", "ensembles.yaml"),
    stages=(
        "transform.bootstrap",
        "ensemble.vote",
        "ensemble.average",
        "ensemble.stacking",
        "ensemble.selection",
        "train.snapshots",
        "schedule.restarts",
        "evaluate.committee",
    ),
)
SEEDS = (4, 5, 6)


def figures(runs):
    """Return errors of forecasts, differences to scikit-learn and between ways to combine."""
    results = runs("ensembles.yaml")
    forecast = metrics(results, "forecast")
    loss = {way: metrics(results, f"of_{way}")["log_loss"] for way in ("mean", "stacked", "selected")}
    ours = mean(metrics(runs("bagging.yaml", seed=seed), "score")["accuracy"] for seed in SEEDS)
    return {
        "relative error of v/k + (k-1)c/k on simulated errors": _simulated(),
        "relative error of the forecast for eight nets": abs(forecast["forecast"] / forecast["averaged"] - 1),
        "accuracy of bagging minus scikit-learn's, either way, mean of 3 splits": abs(
            ours - mean(map(_sklearn, SEEDS))
        ),
        "log loss of stacking minus that of the mean": loss["stacked"] - loss["mean"],
        "log loss of the greedy choice minus that of the mean": loss["selected"] - loss["mean"],
        "accuracy of one training's snapshots": metrics(results, "of_one")["accuracy"],
    }


def _simulated(k=10, v=1.5, c=0.4):
    """Return how far the squared error of the mean of k correlated errors is from the formula."""
    covariance = np.full((k, k), c) + (v - c) * np.eye(k)
    errors = generator(0, "errors").multivariate_normal(np.zeros(k), covariance, size=1_000_000)
    return abs(np.square(errors.mean(axis=1)).mean() / (v / k + (k - 1) * c / k) - 1)


def _sklearn(seed):
    """Return the test accuracy of scikit-learn's bagging of the nets of bagging.yaml, on its rows."""
    from sklearn.ensemble import BaggingClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    data = stage("transform.split")(stage("data.digits")(), generator(seed, "parts"))
    net = MLPClassifier((64,), learning_rate_init=3e-3, batch_size=64, max_iter=20, n_iter_no_change=20)
    bags = BaggingClassifier(net, n_estimators=8, random_state=seed)
    (x, y), (test_x, test_y) = (data.split(name) for name in ("train", "test"))
    with catch_warnings():
        simplefilter("ignore", ConvergenceWarning)  # as many epochs as ours, and no more
        bags.fit(x.reshape(len(x), -1), y)
    return bags.score(test_x.reshape(len(test_x), -1), test_y)
