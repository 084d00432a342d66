"""Weights for the members, learnt from what they say to rows that they did not train on."""

import numpy as np

from pipeline import ensemble
from pipeline.options import Count

TINY = 1e-12  # a probability that no member gives is not impossible


def weights_of(predictions, targets, rng, *, rounds):
    """Return `weights` (members,): of the likeliest mixture of classes, or of least squares for numbers."""
    if targets.dtype.kind == "i":
        return {"weights": _mixture(predictions[:, np.arange(len(targets)), targets], rounds)}
    return {"weights": _least_squares(predictions, targets)}


@ensemble(learn=weights_of)
def stacking(predictions, learned, *, rounds: Count = 500):
    """Weigh the members, by weights that are not negative and learnt on the validation split.

    Of classes they are those of a mixture that makes the labels likeliest, found by `rounds` of expectation
    and maximisation; of numbers those of least squares.  Wolpert 1992; Breiman 1996, Stacked Regressions.
    """
    return np.einsum("m,mro->ro", learned["weights"].astype(predictions.dtype), predictions)


def _mixture(likelihoods, rounds):
    """Maximise Σ log Σ w·p over the simplex: a concave problem, so from anywhere the same."""
    p = np.maximum(likelihoods.astype(np.float64), TINY)
    w = np.full(len(p), 1 / len(p))
    for _ in range(rounds):
        joint = w[:, None] * p
        w = (joint / joint.sum(axis=0)).mean(axis=1)
    return w


def _least_squares(predictions, targets):
    from scipy.optimize import nnls

    members = predictions.astype(np.float64).reshape(len(predictions), -1)
    return nnls(members.T, targets.astype(np.float64).reshape(-1))[0]
