"""A fitted estimator as a predictor.

Nothing is pickled: an estimator is kept as its options, the rows it was fitted on and its random state, and
is fitted again when it first predicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, StageError
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import at
from pipeline.stages.predictor import Predictor
from pipeline.stages.preparation import Preparation

if TYPE_CHECKING:
    from pipeline.stages.predicting import Leaf
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Array = NDArray[Any]
TASKS = ("classes", "regression")


@dataclass(frozen=True, eq=False)
class Estimated(Predictor):
    """An estimator with the prepared inputs (rows, *features) and targets that it is fitted on."""

    stage: Stage
    options: Mapping[str, Any]
    state: int
    task: str
    classes: tuple[str, ...]
    inputs: Array
    targets: Array
    preparation: Preparation

    @classmethod
    def of(cls, stage: Stage, options: Mapping[str, Any], state: int, data: DataSet) -> Estimated:
        """Fit the estimator of `stage` to the train split of `data`; `state` is its random state."""
        inputs, targets = data.split("train")
        if targets is None:
            raise DataError("the data set has no targets to fit to\n    load it with targets")
        made = cls(stage, dict(options), state, data.task, data.classes, inputs, targets, data.preparation)
        made.fitted  # noqa: B018 - what does not fit is said here, not at the first prediction
        return made

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    def combine(self, outputs: Mapping[int, Array]) -> Array:
        return outputs[id(self)]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row of prepared inputs."""
        return self.inputs.shape[1:]

    @property
    def structure(self) -> tuple[Any, ...]:
        """What must be equal for estimators to take the same inputs."""
        return ("estimator", self.task, self.shape)

    @property
    def parameters(self) -> Mapping[str, Array]:
        """The rows that decide what it predicts."""
        return {"inputs": self.inputs, "targets": self.targets}

    @classmethod
    def together(cls, group: Sequence[Estimated], inputs: Array) -> list[Array]:
        """Return what each of `group` predicts for prepared inputs."""
        return [estimated.answer(inputs) for estimated in group]

    @cached_property
    def fitted(self) -> Any:
        """The estimator, fitted."""
        with at("model", self.stage.ref):
            return estimator_of(self.stage, self.options, self.task, self.state).fit(
                _flat(self.inputs), self.targets
            )

    def answer(self, inputs: Array) -> Array:
        """Return probabilities (rows, classes) or values (rows, columns) for prepared inputs."""
        with at("model", self.stage.ref):
            rows = _flat(inputs)
            found = self._classified(rows) if self.task == "classes" else self._valued(rows)
            if not np.isfinite(found).all():
                raise StageError("the estimator predicts numbers that are NaN or infinite")
        return found

    def _classified(self, rows: Array) -> Array:
        """Return probabilities of all classes: of those that no training row had, 0."""
        known = np.asarray(self.fitted.classes_)
        found = np.zeros((len(rows), len(self.classes)))
        if hasattr(self.fitted, "predict_proba"):
            found[:, known] = self.fitted.predict_proba(rows)
        else:
            found[np.arange(len(rows)), self.fitted.predict(rows)] = 1
        return found

    def _valued(self, rows: Array) -> Array:
        return np.asarray(self.fitted.predict(rows), dtype=np.float64).reshape(len(rows), -1)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        prepared, arrays = self.preparation.to_parts()
        parts = {
            "form": "estimator",
            "stage": self.stage.ref,
            "options": dict(self.options),
            "state": self.state,
            "task": self.task,
            "classes": list(self.classes),
            "preparation": prepared,
        }
        return parts, {**self.parameters, **{f"{_PREPARATION}{name}": a for name, a in arrays.items()}}

    @classmethod
    def _read(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array], registry: Registry) -> Estimated:
        stage = registry.stage(parts["stage"])
        fitted = {n.removeprefix(_PREPARATION): a for n, a in arrays.items() if n.startswith(_PREPARATION)}
        return cls(
            stage,
            stage.check(parts["options"]),
            parts["state"],
            parts["task"],
            tuple(parts["classes"]),
            arrays["inputs"],
            arrays["targets"],
            Preparation.from_parts(parts["preparation"], fitted).found_in(registry),
        )


_PREPARATION = "preparation."


def estimator_of(stage: Stage, options: Mapping[str, Any], task: str, state: int) -> Any:
    """Return the stage's estimator for `task`, each of its parameters `random_state` set to `state`.

    DataError where it has none for the task, StageError where the stage returns something else.
    """
    found = stage.function(**options)
    if not isinstance(found, Mapping) or not found or set(found) - set(TASKS):
        raise StageError(f"returned {found!r} instead of estimators by task, {' or '.join(TASKS)}")
    if task not in found:
        other = "a task: regression" if "regression" in found else "classes"
        raise DataError(
            f"the estimator is for {' and '.join(found)}, but the data holds {task}\n"
            f"    choose another model, or load the targets as {other}"
        )
    estimator = found[task]
    parameters = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    states = [name for name in parameters if name.rpartition("__")[2] == "random_state"]
    return estimator.set_params(**dict.fromkeys(states, state)) if states else estimator


def _flat(inputs: Array) -> Array:
    return inputs.reshape(len(inputs), -1)
