"""Gathering: which of many trials' results a node receives, and the choice of the best among them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pipeline.errors import UserError, nearest

Mode = Literal["max", "min"]
Candidate = TypeVar("Candidate", bound=Hashable)
MAXIMISED = frozenset({"accuracy", "r2", "auroc", "f1"})
VALIDATION_METRICS = ("loss", "accuracy", "rmse")


@dataclass(frozen=True, slots=True)
class Gather:
    """Gather along all axes, all but those in `group`, or just those in `over`; keep the `best` of them."""

    best: int | None = None
    metric: str = "loss"
    mode: Mode = "min"
    group: tuple[str, ...] | None = None
    over: tuple[str, ...] | None = None

    def kept(self, axes: Iterable[str]) -> tuple[str, ...]:
        """Return those of the gathered nodes' `axes` along which the gathering node still varies."""
        if self.group is not None:
            return tuple(axis for axis in axes if axis in self.group)
        if self.over is not None:
            return tuple(axis for axis in axes if axis not in self.over)
        return ()


def mode_of(metric: str) -> Mode:
    """Say whether a metric is better when larger or when smaller, by its name."""
    return "max" if metric in MAXIMISED else "min"


def select(
    candidates: Sequence[tuple[Candidate, Mapping[str, float] | None]], gather: Gather
) -> tuple[Candidate, ...]:
    """Choose what a gather receives from its candidates and their validation metrics.

    Without `best`, everything that has metrics, in the given order; with it, the best first, ties in the
    given order.  Metrics None mean that the candidate failed; it is left out, and so is one whose
    metric is NaN.  Raise UserError if no candidate that succeeded has the metric.
    """
    alive = [(name, metrics) for name, metrics in candidates if metrics is not None]
    if gather.best is None:
        return tuple(name for name, _ in alive)
    _require(gather.metric, alive)
    sign = -1.0 if gather.mode == "max" else 1.0
    scored = [(sign * metrics.get(gather.metric, math.nan), name) for name, metrics in alive]
    ranked = sorted((pair for pair in scored if not math.isnan(pair[0])), key=lambda pair: pair[0])
    return tuple(name for _, name in ranked[: gather.best])


def _require(metric: str, alive: Sequence[tuple[Hashable, Mapping[str, float]]]) -> None:
    known = sorted({name for _, metrics in alive for name in metrics})
    if alive and metric not in known:
        told = f"the metric {metric!r} was not recorded; recorded were {', '.join(known) or 'none'}"
        raise UserError("; ".join(part for part in (told, nearest(metric, known)) if part))
