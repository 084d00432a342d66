"""The members that help most, chosen one after another."""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt, Le

from pipeline import ensemble
from pipeline.options import Count

TINY = 1e-12  # a probability that no member gives is not impossible
Share = Annotated[float, Gt(0), Le(1)]


def counts_of(predictions, targets, rng, *, size, metric, bags, share):
    """Return `counts` (members,): how often each was chosen."""
    cost = COSTS["classes" if targets.dtype.kind == "i" else "numbers", metric]
    members = len(predictions)
    counts = np.zeros(members)
    for _ in range(bags):
        # one bag looks at all members, several at random parts of them
        some = members if bags == 1 else max(1, round(share * members))
        among = np.sort(rng.choice(members, size=some, replace=False))
        counts[among] += _chosen(predictions[among].astype(np.float64), targets, cost, size)
    return {"counts": counts}


@ensemble(learn=counts_of)
def selection(
    predictions,
    learned,
    *,
    size: Count = 20,
    metric: Literal["loss", "error"] = "loss",
    bags: Count = 1,
    share: Share = 0.5,
):
    """Average members chosen greedily, with replacement: always the one that helps the average most.

    Up to `size` are chosen, and the best of these averages is kept: of least `metric` on the validation
    split, log loss or share of errors (of numbers the squared error).  Several `bags` choose from random
    shares of the members, against overfitting.  Caruana et al. 2004, sections 2.1 and 2.3.
    """
    shares = learned["counts"] / learned["counts"].sum()
    return np.einsum("m,mro->ro", shares.astype(predictions.dtype), predictions)


def _chosen(predictions, targets, cost, size):
    """Return how often each member is in the best of the `size` averages on the way."""
    counts, total = np.zeros(len(predictions)), np.zeros_like(predictions[0])
    best, kept = np.inf, counts
    for chosen in range(1, size + 1):
        costs = [cost((total + one) / chosen, targets) for one in predictions]
        winner = int(np.argmin(costs))  # of equals the first, so that the same members give the same choice
        counts, total = counts.copy(), total + predictions[winner]
        counts[winner] += 1
        if costs[winner] < best:
            best, kept = costs[winner], counts
    return kept


def _log_loss(average, targets):
    return -np.log(np.maximum(average[np.arange(len(targets)), targets], TINY)).mean()


def _errors(average, targets):
    return (average.argmax(axis=1) != targets).mean()


def _squares(average, targets):
    return np.square(average - targets.reshape(average.shape)).mean()


COSTS = {
    ("classes", "loss"): _log_loss,
    ("classes", "error"): _errors,
    ("numbers", "loss"): _squares,
    ("numbers", "error"): _squares,
}
