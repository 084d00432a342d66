"""Which train stages serve which models, and with which parts: steps, own steps, estimators."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.stages.stage import Stage

NEEDED = ("data", "model")
STEPPING = ("optimizer", "schedule")


def mismatch(train: Stage, model: Stage, ports: Collection[str]) -> tuple[str, str]:
    """Return why a train stage cannot train a model with parts in `ports`, and what to do; "" if it can."""
    if train.kind != "train" or model.kind != "model":
        return ("", "")
    if model.estimator and not train.estimator:
        return (f"it takes steps, but {model.ref} is an estimator, fitted at once", "use train.estimator")
    if train.estimator and not model.estimator:
        return (f"it fits estimators, but {model.ref} is trained by steps", "use train.minibatch")
    superfluous = sorted(set(ports) - set(NEEDED)) if model.estimator else []
    if superfluous:
        return (f"an estimator takes no {superfluous[0]}", f"leave the input {superfluous[0]!r} out")
    superfluous = [] if train.optimizer else sorted(set(ports) & set(STEPPING))
    if superfluous:
        why = f"it finds its own steps and takes no {superfluous[0]}"
        return (why, f"leave the input {superfluous[0]!r} out, or use train.minibatch")
    return ("", "")


def spared(train: Stage, port: str) -> bool:
    """Return whether a train stage has no use for a port that others need."""
    return port not in NEEDED if train.estimator else port in STEPPING and not train.optimizer
