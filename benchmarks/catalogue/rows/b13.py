"""B13: a policy that learns by what it earns."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import Runs, metrics, values

ROW = Row(
    id="B13",
    name="Learning from interaction",
    sentence="policy gradient (REINFORCE) with a baseline over episodes played side by side, on gymnasium's "
    "CartPole; a cohort of five seeds, each played 20 times, 250 steps at most, by its likeliest action",
    source="Williams 1992; Barto, Sutton & Anderson 1983",
    stages=("train.policy_gradient", "loss.policy", "evaluate.episodes", "data.environment"),
    dags=("cartpole.yaml",),
    bars={"mean return, five seeds": AtLeast(195), "mean return of the worst seed": AtLeast(195)},
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the mean return over seeds, and the least of a seed."""
    results = runs("cartpole.yaml")
    return {
        "mean return, five seeds": metrics(results, "score")["mean_return"],
        "mean return of the worst seed": min(values(results, "score", "mean_return")),
    }
