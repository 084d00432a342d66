"""Hidden units: what makes activations of linear outputs, learned slopes and maxout among them."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

from pipeline.engine import ops

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly
Activation = Literal[
    "elu",
    "gelu",
    "identity",
    "leaky_relu",
    "maxout",
    "prelu",
    "relu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
]
# those that are a function of one number, without parameters
PlainActivation = Literal["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]
RISING = frozenset({"elu", "identity", "leaky_relu", "relu", "sigmoid", "softplus", "tanh"})


def linear_width(activation: Activation, units: int, pieces: int = 2) -> int:
    """Return how many linear outputs `units` hidden units need: one each, `pieces` each of maxout."""
    return units * pieces if activation == "maxout" else units


def activate(net: Net, z: Value, activation: Activation, *, name: str, pieces: int = 2) -> Value:
    """Turn linear outputs (..., linear_width) into hidden units (..., units).

    prelu learns its slopes as the parameter `name.slope`; `pieces` is that of maxout.
    """
    if activation == "maxout":
        return maxout(z, pieces)
    if activation == "prelu":
        return prelu(net, z, name=name)
    return ops.activation(activation)(z)


def maxout(z: Value, pieces: int = 2) -> Value:
    """Take the largest of `pieces` linear outputs: (..., pieces·units) -> (..., units).

    A unit is a convex function of its inputs, of as many pieces.  Goodfellow et al. 2013 (arXiv:1302.4389).
    """
    units = z.shape[-1] // pieces
    return reduce(ops.maximum, [z[..., k * units : (k + 1) * units] for k in range(pieces)])


def prelu(net: Net, z: Value, *, name: str, slope: float = 0.25) -> Value:
    """Return z where it is positive, a learned slope times z elsewhere, one slope for each unit or channel.

    He et al. 2015 (arXiv:1502.01852), section 2.1; slopes begin at `slope`, and no decay touches them.
    """
    slopes = net.parameter(f"{name}.slope", z.shape[-1:], slope, weight=False)
    return ops.relu(z) - slopes * ops.relu(-z)


def rises(activation: Activation) -> bool:
    """Return whether units have one linear output each, and never fall where it rises."""
    return activation in RISING
