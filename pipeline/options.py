"""Annotated types for a stage's options: their ranges are checked, documented and in the JSON Schema.

    @optimizer
    def sgd(w, g, state, t, *, lr: Positive = 0.1, momentum: Probability = 0.0): ...

Names are offered by `Literal`, lists by tuples: `Literal["relu", "tanh"]`, `tuple[Count, ...]`.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Le(1)]
Probability = Annotated[float, Ge(0), Lt(1)]
Count = Annotated[int, Ge(1)]
Natural = Annotated[int, Ge(0)]

__all__ = ["Count", "Fraction", "Natural", "NonNegative", "Positive", "Probability"]
