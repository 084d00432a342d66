"""Dense layers whose parameters are made once and may be applied to several inputs, or turned around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pipeline.engine import ops
from pipeline.stages.initializers import Initializer

if TYPE_CHECKING:
    from pipeline.stages.net import Net

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def chain(
    net: Net,
    widths: Sequence[int],
    *,
    name: str,
    activation: str = "relu",
    init: str | Initializer = "he",
    weights: Sequence[Value] | None = None,
) -> tuple[Callable[[Value], Value], list[Value]]:
    """Make dense layers from `widths[0]` features to `widths[-1]`, the activation between them.

    Returns the function that applies them, as often as one likes, and their weights (in, out).  `weights`
    are to be used in the place of own ones: those of another chain, transposed, tie the two.
    """
    pairs = list(pairwise(widths))
    if weights is None:
        weights = [net.parameter(f"{name}{i}.weights", pair, init) for i, pair in enumerate(pairs)]
    biases = [
        net.parameter(f"{name}{i}.bias", pair[1:], "zeros", weight=False) for i, pair in enumerate(pairs)
    ]
    act = ops.activation(activation)

    def apply(x: Value) -> Value:
        for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
            x = x @ w + b if i == 0 else act(x) @ w + b
        return x

    return apply, list(weights)
