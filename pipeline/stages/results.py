"""What training gives back for a member: its network and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

if TYPE_CHECKING:
    from pipeline.stages.predictor import Predictor


@dataclass(frozen=True)
class MemberResult:
    """A trained (`done`) or diverged (`failed`) member.

    `params` are arrays by name, `network` the predictor that they make (None for `failed`).  `metrics` are
    those of the weights kept: `loss` and `accuracy` or `rmse` on the validation split, or without one
    `train_accuracy` or `train_rmse`; and `train_loss`.  `history` has one record an epoch; `error` says why
    a member failed and what to do.
    """

    trial: str
    key: str
    state: Literal["done", "failed"]
    params: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = ()
    epochs: int = 0
    network: Predictor | None = None
    error: str | None = None
