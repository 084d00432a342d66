"""The checks of train stages: cohorts of one and of three, trained alike."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import numpy as np

from pipeline.stages.checkpoint import Checkpoint, Keeper
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.testing import probes
from pipeline.testing.subject import NODE, Subject, same_bits

RATES = (0.05, 0.1, 0.2)  # learning rates, or strengths of decay where nothing takes a learning rate


def check_train(subject: Subject) -> None:
    """Check that training keeps weights finite and treats each member as if it were alone."""
    data = subject.examples.get("data") or probes.table("classes")
    for dtype in ("float32", "float64"):
        together = _train(subject, data, RATES, dtype)
        for rate, result in zip(RATES, together, strict=True):
            (alone,) = _train(subject, data, (rate,), dtype)
            (again,) = _train(subject, data, (rate,), dtype)
            _check_result(subject, result)
            subject.require(_same(alone, again), "it trains other weights for the same seed")
            subject.require(
                _same(alone, _resumed(subject, data, rate, dtype)),
                "it does not go on from a checkpoint as if nothing had been: keep nothing from epoch to "
                "epoch beside `fit`, or mark it @train(resumes=False)",
            )
            subject.require(
                _same(alone, result),
                f"a member's weights are not the same, bit for bit, alone and among {len(RATES)} ({dtype})",
            )
        subject.require(
            not _same(together[0], together[1]), "members with other float options get the same weights"
        )


def _check_result(subject: Subject, result: MemberResult) -> None:
    subject.require(result.state == "done", f"a member fails: {result.error}")
    subject.require(result.params, "it trains no weights")
    for name, array in result.params.items():
        subject.require(np.isfinite(array).all(), f"it leaves NaN or infinity in {name}")
    subject.require(result.epochs > 0, "it trains no epoch; drive it with `for epoch in fit.epochs(n)`")


def _same(a: MemberResult, b: MemberResult) -> bool:
    return a.params.keys() == b.params.keys() and all(
        same_bits(array, b.params[name]) for name, array in a.params.items()
    )


_LOSSES = {"classes": "loss.probe_surprise", "regression": "loss.probe_loss"}


class _Interrupted(BaseException):
    """The end of a training in its middle."""


@dataclass
class _Shelf:
    """Keeps the checkpoint of a first epoch, and then ends the training."""

    kept: Checkpoint | None = None

    def load(self, member: Member) -> Checkpoint | None:
        return self.kept

    def due(self) -> bool:
        return self.kept is None

    def save(self, checkpoints: Sequence[tuple[Member, Checkpoint]]) -> None:
        ((_, self.kept),) = checkpoints
        raise _Interrupted


def _resumed(subject: Subject, data: DataSet, rate: float, dtype: str) -> MemberResult:
    """Train one member that is interrupted after its first epoch and goes on, if the stage can."""
    shelf = _Shelf()
    with suppress(_Interrupted):
        return _train(subject, data, (rate,), dtype, shelf)[0]
    return _train(subject, data, (rate,), dtype, shelf)[0]


def _train(
    subject: Subject, data: DataSet, rates: tuple[float, ...], dtype: str, keeper: Keeper | None = None
) -> list[MemberResult]:
    from pipeline.stages.fit import train_cohort

    port, part = _varied(subject, rates[0])
    (option,) = part.options
    members = tuple(Member(str(rate), str(rate), 1, "data", {part.node: {option: rate}}) for rate in rates)
    spec = CohortSpec(
        NODE,
        Part(NODE, subject.stage.ref, subject.options),
        {
            "model": (Part("net", "model.probe_net", {}),),
            "loss": (Part("loss", _LOSSES[data.task], {}),),
            port: (part,),
        },
        members,
        dtype,
    )
    lookup = probes.Lookup({**probes.PROBES, subject.stage.ref: subject.stage})
    with subject.when(f"it trains {len(rates)} members in {dtype}"):
        return train_cohort(spec, {"data": data}, cast(Registry, lookup), lambda event: None, keeper)


def _varied(subject: Subject, rate: float) -> tuple[str, Part]:
    """Return the port and the part whose float option differs between members."""
    if subject.stage.optimizer:
        return "optimizer", Part("descent", "optimizer.probe_descent", {"lr": rate})
    return "regularizers", Part("decay", "regularizer.probe_decay", {"strength": rate})
