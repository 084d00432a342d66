"""Predictions that are alike where inputs are near."""

import numpy as np

from pipeline import nn, ops, regularizer
from pipeline.options import Count, NonNegative, Positive


@regularizer
def laplacian(objective, *, strength: NonNegative = 1.0, width: Positive = 0.3, rows: Count = 128):
    """Add strength times the mean of w_ij·|p_i - p_j|² over pairs of `rows` unlabelled examples.

    The graph's weights are w_ij = exp(-d_ij² / 2 width² m), scaled to have the mean 1, where d_ij is the
    distance of two inputs and m the mean of d² over the pairs.  Belkin, Niyogi & Sindhwani 2006 (JMLR 7),
    section 2.2, on the graph of a minibatch.
    """
    x = objective.unlabelled(rows)
    p = ops.exp(nn.log_probabilities(objective.outputs_at(x), objective.classes))
    near = _near(_distances(ops.flatten(x)), width)
    objective.add(strength * ops.sum(near * _distances(p)))


def _distances(x):
    """Return the squared distances (rows, rows) of rows (rows, features)."""
    squares = ops.sum(x * x, axis=-1, keepdims=True)
    return ops.maximum(squares + ops.transpose(squares) - 2.0 * (x @ ops.transpose(x)), 0.0)


def _near(distances, width):
    """Return the graph's weights (rows, rows), which sum to 1; nothing is near itself."""
    count = distances.shape[0]
    others = 1.0 - np.eye(count)
    mean = ops.sum(distances * others) / max(1, count * (count - 1))
    scale = ops.where(mean > 0, 2.0 * width * width * mean, 1.0)
    weights = others * ops.exp(-distances / scale)
    total = ops.sum(weights)
    return weights / ops.where(total > 0, total, 1.0)
