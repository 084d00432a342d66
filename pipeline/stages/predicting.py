"""Evaluating networks on inputs: those of one structure in one batched call, each prepared in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, ShapeError
from pipeline.stages.forward import forward
from pipeline.stages.links import predictions
from pipeline.stages.preparation import Preparation

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network

Array = NDArray[Any]
Source = Callable[[Preparation], Array]  # gives a network its inputs, prepared as it was trained
ABREAST = 64  # networks in one batched call: their weights are copied, so the memory is bounded


def evaluated(networks: Sequence[Network], source: Source) -> dict[int, Array]:
    """Return each network's predictions, those of one structure and preparation in one batched call."""
    groups: dict[tuple[Any, ...], list[Network]] = {}
    for network in networks:
        groups.setdefault((network.structure, network.preparation.digest), []).append(network)
    found: dict[int, Array] = {}
    for group in groups.values():
        inputs = _checked(source(group[0].preparation), group[0])
        for start in range(0, len(group), ABREAST):
            found |= _batched(group[start : start + ABREAST], inputs)
    return found


def _batched(group: Sequence[Network], inputs: Array) -> dict[int, Array]:
    first = group[0]
    options, parameters = [n.options for n in group], [n.parameters for n in group]
    outputs = predictions(forward(first.stage, options, parameters, inputs), first.link, first.task)
    return {id(network): each for network, each in zip(group, outputs, strict=True)}


def _checked(inputs: Array, network: Network) -> Array:
    if inputs.ndim == 0 or inputs.shape[1:] != network.shape:
        raise ShapeError(
            f"the inputs have shape {inputs.shape}, but the model ({network.stage.ref}) takes rows of shape "
            f"{network.shape}\n    give inputs of shape (rows, {', '.join(map(str, network.shape))})"
        )
    if not len(inputs):
        raise DataError("there are no rows to predict")
    if inputs.dtype.kind not in "biuf" or not np.isfinite(inputs).all():
        raise DataError(
            "the inputs hold values that are no numbers, NaN or infinite\n    fill them or drop these rows"
        )
    return inputs


def head_of(network: Network, name: str, inputs: Array) -> Array:
    """Return the raw outputs (rows, ...) of a network's head, for prepared inputs."""
    checked = _checked(inputs, network)
    found: Array = forward(network.stage, network.options, [network.parameters], checked, head=name)[0]
    return found


def fitting(inputs: Array, given: Preparation, needed: Preparation) -> Array:
    """Return a data set's inputs as a network needs them; refuse those that were prepared otherwise."""
    if given.digest == needed.digest:
        return inputs
    if not given.steps:
        return needed.apply(inputs)
    raise DataError(
        "the data was prepared in another way than the data that the model was trained on\n"
        "    evaluate on the data set that the train node takes, or on the raw one before its transforms"
    )
