"""Stochastic gradient descent."""

from pipeline import optimizer
from pipeline.options import Positive, Probability


@optimizer
def sgd(w, g, state, t, *, lr: Positive = 0.1, momentum: Probability = 0.0, nesterov: bool = False):
    """Step along the velocity, v ← momentum·v + g (Polyak 1964), as PyTorch does.

    With `nesterov` along g + momentum·v, the gradient looked up ahead (Sutskever et al. 2013).
    """
    (v,) = state or (0.0,)
    v = momentum * v + g
    return w - lr * (g + momentum * v if nesterov else v), (v,)
