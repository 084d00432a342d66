"""The checks of models that are estimators, and of train stages that fit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.estimated import Estimated
from pipeline.stages.predictor import Predictor
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.testing import probes
from pipeline.testing.datasets import same_data
from pipeline.testing.subject import NODE, Subject, close, same_bits


def check_estimator(subject: Subject) -> None:
    """Check an estimator on data of each task that it is for: what it predicts, also after it was stored."""
    candidates = [probes.table("classes"), probes.table("regression"), probes.images()]

    def attempt(data: DataSet) -> Estimated:
        return Estimated.of(subject.stage, subject.options, 7, data)

    for data, made in subject.accepted("data", candidates, attempt):
        before = data.replace()
        with subject.when(f"it predicts {data.task}"):
            predicted = made.predict(data.inputs)
        _check_form(subject, data, predicted)
        again = attempt(data).predict(data.inputs)
        subject.require(same_bits(predicted, again), "it predicts something else when it is fitted again")
        _check_rows(subject, made, data)
        _check_kept(subject, made, data)
        subject.require(same_data(before, data), "it changes the data set that it is fitted to")


def check_estimator_train(subject: Subject) -> None:
    """Check that a train stage of estimators fits each member, the same alone and among others."""
    data = subject.examples.get("data") or probes.table("classes")
    together = _train(subject, data, (1, 2))
    for seed, result in zip((1, 2), together, strict=True):
        subject.require(result.state == "done", f"a member fails: {result.error}")
        (alone,) = _train(subject, data, (seed,))
        subject.require(_same(alone, result, data), "it fits a member otherwise alone than among others")


def _check_form(subject: Subject, data: DataSet, predicted: Any) -> None:
    columns = len(data.classes) if data.task == "classes" else data.outputs("identity")
    wanted = (len(data), columns)
    subject.require(predicted.shape == wanted, f"it must predict {wanted}, and gives {predicted.shape}")
    if data.task == "classes":
        sums = predicted.sum(axis=1)
        subject.require(
            close(sums, np.ones_like(sums), 1e-6), "its probabilities of the classes do not sum to 1"
        )


def _check_rows(subject: Subject, made: Estimated, data: DataSet) -> None:
    alone = np.concatenate([made.predict(data.inputs[i : i + 1]) for i in range(3)])
    subject.require(
        close(alone, made.predict(data.inputs)[:3], 1e-5), "its prediction for a row depends on other rows"
    )


def _check_kept(subject: Subject, made: Estimated, data: DataSet) -> None:
    parts, arrays = made.to_parts()
    lookup = probes.Lookup({**probes.PROBES, subject.stage.ref: subject.stage})
    read = Predictor.from_parts(parts, arrays, cast(Registry, lookup))
    same = same_bits(read.predict(data.inputs), made.predict(data.inputs))
    subject.require(same, "it predicts something else after it was stored and read again")


def _same(a: MemberResult, b: MemberResult, data: DataSet) -> bool:
    answers: list[Callable[[Any], Any]] = [r.network.predict for r in (a, b) if r.network is not None]
    first, second = answers
    return same_bits(first(data.inputs), second(data.inputs))


def _train(subject: Subject, data: DataSet, seeds: tuple[int, ...]) -> list[MemberResult]:
    from pipeline.stages.fit import train_cohort

    members = tuple(Member(str(seed), str(seed), seed, "data", {}) for seed in seeds)
    parts = {"model": (Part("means", "model.probe_means", {}),)}
    spec = CohortSpec(NODE, Part(NODE, subject.stage.ref, subject.options), parts, members)
    lookup = probes.Lookup({**probes.PROBES, subject.stage.ref: subject.stage})
    with subject.when(f"it trains {len(seeds)} members"):
        return train_cohort(spec, {"data": data}, cast(Registry, lookup), lambda event: None)
