"""Metrics of a cohort's members after an epoch, all members at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import ShapeError
from pipeline.stages.blocks import Blocks
from pipeline.stages.forward import Forward
from pipeline.stages.links import link_of, predictions
from pipeline.stages.net import Layout
from pipeline.stages.parts import Parts
from pipeline.stages.tables import VALIDATION, Tables
from pipeline.stages.training import Training

Array = npt.NDArray[Any]


class Validating:
    """Measures members on the validation split: `loss` and `accuracy`, or for numbers `rmse`.

    Without a validation split the train split is measured, and the names say so: `train_accuracy`.
    """

    def __init__(self, parts: Parts, layout: Layout, tables: Tables, split: str, task: str):
        self._parts, self._layout, self._task = parts, layout, task
        self._tables = tables
        self._prefix = "" if split == VALIDATION else "train_"
        self._forward: Forward | None = None
        self._plain: Forward | None = None  # without losses

    def measure(self, training: Training | Blocks) -> list[dict[str, float]]:
        """Return the metrics of each member that is in training."""
        forward = self._forward or self._begin(training)
        inputs = [table.inputs for table in self._tables.each]
        targets = [table.targets for table in self._tables.each]
        known = [training.backend.to_host(target) for target in targets]
        losses: list[Array] = []
        errors: list[Array] = []
        for chunk, found in forward.run(training.weights, inputs, targets):
            wanted = np.stack([target[chunk] for target in known])
            losses.append(found["losses"].copy())
            errors.append(self._errors(found["outputs"], wanted))
        return self._named(np.concatenate(losses, axis=1), np.concatenate(errors, axis=1))

    def outputs(self, training: Training | Blocks, inputs: Array) -> Array:
        """Return the members' outputs (members, rows, ...) for inputs (rows, ...) or (members, rows, ...)."""
        if self._plain is None:
            self._plain = self._forward_of(training)
        one = self._tables.tables[0].inputs
        row = tuple(one.shape[1:])
        if inputs.ndim not in (one.ndim, one.ndim + 1) or tuple(inputs.shape[-len(row) :]) != row:
            raise ShapeError(
                f"outputs of inputs of shape {inputs.shape}, but the model takes rows of shape {row}\n"
                "    give rows, (rows, ...), or rows for each member, (members, rows, ...)"
            )
        given = training.backend.from_host(inputs.astype(one.dtype, copy=False))
        each = list(given) if inputs.ndim > one.ndim else [given]
        return self._plain.outputs(training.weights, each)

    def keep(self, slots: Sequence[int]) -> None:
        """Measure only the members in `slots` from now on."""
        self._tables = self._tables.keep(slots)
        self._forward = self._plain = None

    def _begin(self, training: Training | Blocks) -> Forward:
        targets = self._tables.tables[0].batch.targets
        self._forward = self._forward_of(training, loss=self._parts.loss, targets=targets)
        return self._forward

    def _forward_of(self, training: Training | Blocks, **losses: Any) -> Forward:
        return Forward(
            self._parts.model,
            self._layout,
            self._tables.tables[0].batch.inputs,
            training.backend,
            len(training.members),
            training.values,
            dtype=training.dtype,
            **losses,
        )

    def _errors(self, outputs: Array, targets: Array) -> Array:
        """Return for each member and row whether the class is right, or the mean squared error."""
        loss = self._parts.loss
        predicted = predictions(outputs, link_of(loss.stage, loss.options), self._task)
        if self._task == "classes":
            return predicted.argmax(axis=-1) == targets  # type: ignore[no-any-return]
        wanted = targets.reshape(*targets.shape[:2], -1)
        return np.square(predicted - wanted).mean(axis=-1, dtype=np.float64)  # type: ignore[no-any-return]

    def _named(self, losses: Array, errors: Array) -> list[dict[str, float]]:
        records = []
        for loss, error in zip(losses, errors, strict=True):
            mean = float(error.mean(dtype=np.float64))
            record = {f"{self._prefix}accuracy": mean}
            if self._task != "classes":
                record = {f"{self._prefix}rmse": mean**0.5}
            if not self._prefix:
                record["loss"] = float(loss.mean(dtype=np.float64))
            records.append(record)
        return records
