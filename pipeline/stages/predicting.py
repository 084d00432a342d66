"""Evaluating networks on inputs: those of one structure in one batched call, each prepared in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, ShapeError
from pipeline.stages.forward import forward
from pipeline.stages.links import predictions
from pipeline.stages.preparation import Preparation

if TYPE_CHECKING:
    from pipeline.stages.predictor import Network
    from pipeline.stages.stage import Stage

Array = NDArray[Any]
Source = Callable[[Preparation], Array]  # gives a network its inputs, prepared as it was trained


class Leaf(Protocol):
    """A trained model: a network, or an estimator.  `structure` is equal where several take one call."""

    @property
    def stage(self) -> Stage:
        """The model's stage."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row of prepared inputs."""

    @property
    def preparation(self) -> Preparation:
        """How its inputs are prepared."""

    @property
    def structure(self) -> tuple[Any, ...]:
        """What must be equal for leaves to be evaluated in one call."""

    @property
    def parameters(self) -> Mapping[str, Array]:
        """What decides its predictions, by name."""

    @classmethod
    def together(cls, group: Sequence[Any], inputs: Array) -> Sequence[Array]:
        """Return the predictions (rows, outputs) of each of a group."""


ABREAST = 64  # networks in one batched call: their weights are copied, so the memory is bounded


def evaluated(leaves: Sequence[Leaf], source: Source) -> dict[int, Array]:
    """Return each leaf's predictions, those of one structure and preparation in one call."""
    groups: dict[tuple[Any, ...], list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault((leaf.structure, leaf.preparation.digest), []).append(leaf)
    found: dict[int, Array] = {}
    for group in groups.values():
        inputs = checked_inputs(source(group[0].preparation), group[0])
        for start in range(0, len(group), ABREAST):
            some = group[start : start + ABREAST]
            outputs = type(some[0]).together(some, inputs)
            found |= {id(leaf): each for leaf, each in zip(some, outputs, strict=True)}
    return found


def batched(group: Sequence[Network], inputs: Array) -> Array:
    """Return the predictions of networks of one structure, (members, rows, outputs)."""
    first = group[0]
    options, parameters = [n.options for n in group], [n.parameters for n in group]
    return predictions(forward(first.stage, options, parameters, inputs), first.link, first.task)


def checked_inputs(inputs: Array, leaf: Leaf) -> Array:
    """Return prepared inputs, or raise ShapeError or DataError for what keeps a model from taking them."""
    if inputs.ndim == 0 or inputs.shape[1:] != leaf.shape:
        raise ShapeError(
            f"the inputs have shape {inputs.shape}, but the model ({leaf.stage.ref}) takes rows of shape "
            f"{leaf.shape}\n    give inputs of shape (rows, {', '.join(map(str, leaf.shape))})"
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
    checked = checked_inputs(inputs, network)
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
