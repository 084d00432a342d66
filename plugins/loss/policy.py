"""The surrogate loss of policy gradients."""

import numpy as np

from pipeline import ShapeError, loss, ops


def probabilities(outputs):
    """Return the probability of each action, (..., actions), from their logits."""
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@loss(link=probabilities)
def policy(outputs, targets):
    """Return -Σ targets · log π, π being the softmax of the outputs: (batch, actions) both.

    With the advantage of the action taken in its column, and 0 in the others, its gradient is that of the
    expected return: Williams 1992 (REINFORCE), equation 11.  With one-hot targets it imitates them.
    """
    if targets.shape != outputs.shape:
        raise ShapeError(f"policy: targets {targets.shape} for outputs {outputs.shape}; one column an action")
    return -ops.sum(targets * ops.log_softmax(outputs), axis=-1)
