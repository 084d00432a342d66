"""Which train stages serve which models: those that take steps, and those that fit estimators."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.stages.stage import Stage

NEEDED = ("data", "model")


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
    return ("", "")
