"""Compute one node instance from its inputs: data, transform, ensemble, evaluate; training.py trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.engine.random import generator
from pipeline.errors import StageError
from pipeline.running.jobs import Piece
from pipeline.running.measures import Measures
from pipeline.stages.parts import at

if TYPE_CHECKING:
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.predictor import Predictor
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Inputs = Mapping[str, Sequence[Any]]


def compute(piece: Piece, inputs: Inputs, registry: Registry) -> Any:
    """Return the node's value: a DataSet, a Predictor, or Measures.

    `inputs` are by port; of an ensemble also `validation`, the data set that all its networks trained on.

    Raises UserError for what is the user's to mend and StageError for what a stage raised; both name
    the node.
    """
    stage = registry.stage(piece.stage)
    options = stage.check(piece.options)
    with at(piece.node, piece.stage):
        return _BY_KIND[piece.kind](piece, stage, options, inputs)


def _data(piece: Piece, stage: Stage, options: Mapping[str, Any], inputs: Inputs) -> DataSet:
    return _dataset(stage.function(**options), piece.node)


def _transform(piece: Piece, stage: Stage, options: Mapping[str, Any], inputs: Inputs) -> DataSet:
    (data,) = inputs["data"]
    return _dataset(stage.function(data, generator(piece.seed, piece.node), **options), piece.node)


def _dataset(value: Any, node: str) -> DataSet:
    from pipeline.stages.dataset import DataSet

    if not isinstance(value, DataSet):
        raise StageError(f"returned {type(value).__name__} instead of a DataSet")
    return value.validate(node)


def _ensemble(piece: Piece, stage: Stage, options: Mapping[str, Any], inputs: Inputs) -> Predictor:
    from pipeline.stages.committee import Committee
    from pipeline.stages.learning import learned_by

    members = inputs["models"]
    data = next(iter(inputs.get("validation", ())), None)
    return Committee.of(
        stage, options, members, learned_by(stage, options, members, data, generator(piece.seed, piece.node))
    )


def _evaluate(piece: Piece, stage: Stage, options: Mapping[str, Any], inputs: Inputs) -> Measures:
    (model,), (data,) = inputs["model"], inputs["data"]
    return Measures.checked(stage.function(model, data, **options))


def validation_metrics(model: Predictor, data: DataSet) -> dict[str, float]:
    """Measure a model as a train node measures its networks; nothing where there is no validation split.

    Nor where an ensemble learned on that split: it would look better than it is.
    """
    if "validation" not in data.splits or getattr(model, "learned", None):
        return {}
    predicted = model.predict_split(data, "validation")
    targets = np.asarray(data.split("validation")[1])
    metrics = {"loss": model.loss(data, "validation")}
    if data.task == "classes":
        return {**metrics, "accuracy": float((predicted.argmax(axis=1) == targets).mean())}
    return {**metrics, "rmse": float(((predicted - targets.reshape(predicted.shape)) ** 2).mean() ** 0.5)}


_BY_KIND: Mapping[str, Callable[[Piece, Stage, Mapping[str, Any], Inputs], Any]] = {
    "data": _data,
    "transform": _transform,
    "ensemble": _ensemble,
    "evaluate": _evaluate,
}
