"""`check_stage`: what a stage of each kind is checked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.stages.stage import Stage
from pipeline.testing import cases
from pipeline.testing.combining import check_ensemble
from pipeline.testing.datasets import check_data, check_transform
from pipeline.testing.describing import check_description
from pipeline.testing.estimating import check_estimator, check_estimator_train
from pipeline.testing.measuring import check_evaluate
from pipeline.testing.searching import check_search
from pipeline.testing.subject import Subject
from pipeline.testing.tracing import check_traced
from pipeline.testing.tracking import check_tracker
from pipeline.testing.training import check_train


def _check_model(subject: Subject) -> None:
    if subject.stage.estimator:
        check_estimator(subject)
    else:
        check_traced(subject, cases.model(subject))


def _check_train(subject: Subject) -> None:
    check = check_estimator_train if subject.stage.estimator else check_train
    check(subject)


_CHECKS: Mapping[str, Callable[[Subject], None]] = {
    "data": check_data,
    "transform": check_transform,
    "augment": lambda subject: check_traced(subject, cases.augment(subject)),
    "model": _check_model,
    "loss": lambda subject: check_traced(subject, cases.loss(subject)),
    "regularizer": lambda subject: check_traced(subject, cases.regularizer(subject)),
    "optimizer": lambda subject: check_traced(subject, cases.optimizer(subject)),
    "schedule": lambda subject: check_traced(subject, cases.schedule(subject)),
    "train": _check_train,
    "ensemble": check_ensemble,
    "evaluate": check_evaluate,
    "search": check_search,
    "tracker": check_tracker,
}


def check_stage(
    stage: Stage | Callable[..., Any],
    kind: str | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    **examples: Any,
) -> None:
    """Check a stage as plait uses it; raise AssertionError with a sentence that says what is wrong.

    All kinds: signature, docstring, options and their JSON Schema, the same result for the same seed,
    arguments left as they are.  Traced kinds: float32 and float64, gradients against finite differences,
    the traced computation against a direct call with NumPy, members that do not touch each other, float
    options that differ inside a cohort, CuPy against NumPy where there is a GPU.  The other kinds: what
    their results promise.  A model that is an estimator: predictions for each task it is for, by rows, the
    same after it was stored.

    `kind` is the kind that the stage must have, `options` are those to check it with (the required ones,
    at least), and `examples` replace the data arguments that the kit makes up: `x` of a model that does
    not take images or tables, `data` of a transform that wants particular columns.
    """
    subject = Subject.of(stage, options or {}, examples)
    subject.require(kind in (None, subject.stage.kind), f"it is of the kind {subject.stage.kind}, not {kind}")
    check_description(subject)
    _CHECKS[subject.stage.kind](subject)
