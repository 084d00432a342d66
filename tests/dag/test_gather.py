"""The choice of the best, once the metrics are known."""

from __future__ import annotations

import pytest

from pipeline.dag.gather import Gather, mode_of, select
from pipeline.errors import UserError

NAN = float("nan")
TRIALS = [
    ("a", {"loss": 0.5, "accuracy": 0.9}),
    ("b", {"loss": 0.2, "accuracy": 0.8}),
    ("c", None),
    ("d", {"loss": 0.2, "accuracy": 0.9}),
    ("e", {"loss": NAN, "accuracy": NAN}),
]


def test_without_best_all_that_succeeded_are_taken_in_order():
    assert select(TRIALS, Gather()) == ("a", "b", "d", "e")


def test_the_smallest_losses_come_first_and_ties_keep_their_order():
    assert select(TRIALS, Gather(best=2)) == ("b", "d")


def test_the_largest_accuracies_come_first():
    assert select(TRIALS, Gather(best=2, metric="accuracy", mode="max")) == ("a", "d")


def test_where_fewer_succeeded_all_of_them_are_taken():
    assert select(TRIALS, Gather(best=4)) == ("b", "d", "a")


def test_where_all_failed_nothing_is_taken():
    assert select([("a", None)], Gather(best=2)) == ()


def test_a_metric_that_nobody_has_names_those_there_are():
    with pytest.raises(UserError, match="the metric 'acc' was not recorded; recorded were accuracy, loss"):
        select(TRIALS, Gather(best=1, metric="acc"))


@pytest.mark.parametrize(
    ("metric", "mode"), [("accuracy", "max"), ("r2", "max"), ("auroc", "max"), ("f1", "max"), ("rmse", "min")]
)
def test_a_metrics_name_says_whether_more_is_better(metric, mode):
    assert mode_of(metric) == mode
