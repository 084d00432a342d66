"""The parts of a train node, resolved: stages with their options, floats of the trials made inputs.

Whatever a stage raises while it is traced becomes an error that names its node and stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.graph import Origin
from pipeline.errors import DataError, PlaitError, StageError, UserError
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet

if TYPE_CHECKING:
    from pipeline.engine import Graph
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

DEFAULT_LOSSES = {"classes": "loss.softmax", "regression": "loss.gaussian"}


@dataclass(frozen=True)
class Placed:
    """A stage in its node, with checked options."""

    node: str
    stage: Stage
    options: Mapping[str, Any]

    @property
    def varying(self) -> list[str]:
        """The float options, which may differ between members."""
        return [name for name in self.options if name in self.stage.varying]

    def traced_options(self, graph: Graph) -> dict[str, Any]:
        """Return the options as a traced function takes them: floats are scalar inputs `node.option`."""
        options = dict(self.options)
        for name in self.varying:
            key = f"{self.node}.{name}"
            options[name] = graph.inputs[key] if key in graph.inputs else graph.input(key, ())
        return options

    def member_options(self, member: Member) -> dict[str, Any]:
        """Return the options with the member's own numbers."""
        given = member.options.get(self.node, {})
        return {**self.options, **{name: float(given[name]) for name in self.varying if name in given}}


@dataclass(frozen=True)
class Parts:
    """All that a training step is made of."""

    train: Placed
    model: Placed
    optimizer: Placed | None
    loss: Placed
    schedule: Placed | None = None
    augment: tuple[Placed, ...] = ()
    regularizers: tuple[Placed, ...] = ()

    @property
    def stepper(self) -> Placed:
        """The optimizer; UserError where there is none, for a train stage that steps."""
        if self.optimizer is None:
            raise UserError(
                "there is no optimizer to step with\n    add an optimizer to the inputs of the node"
            )
        return self.optimizer

    @property
    def traced(self) -> list[Placed]:
        """The parts whose float options are inputs of the step."""
        several = (self.optimizer, self.loss, *self.augment, *self.regularizers, self.schedule)
        return [self.model, *(part for part in several if part is not None)]

    def option_values(self, members: Sequence[Member], dtype: npt.DTypeLike) -> dict[str, npt.NDArray[Any]]:
        """Return the values of the inputs `node.option`: (members,) each, in the weights' dtype."""
        return {
            f"{part.node}.{name}": np.array([part.member_options(m)[name] for m in members], dtype=dtype)
            for part in self.traced
            for name in part.varying
        }


def resolve(spec: CohortSpec, data: DataSet, registry: Registry) -> Parts:
    """Look up the cohort's stages; fill in the loss and the number of outputs that `data` asks for."""

    def place(part: Part) -> Placed:
        stage = registry.stage(part.stage)
        return Placed(part.node, stage, stage.check(part.options))

    def all_of(port: str) -> tuple[Placed, ...]:
        return tuple(place(part) for part in spec.parts.get(port, ()))

    def one_of(port: str) -> Placed | None:
        return next(iter(all_of(port)), None)

    train, model, optimizer = place(spec.train), one_of("model"), one_of("optimizer")
    if model is None:
        raise UserError(f"{spec.node}: a train node needs a model\n    add one to its inputs")
    if optimizer is None and train.stage.optimizer:
        raise UserError(f"{spec.node}: {train.stage.ref} needs an optimizer\n    add one to its inputs")
    loss = one_of("loss") or place(_default_loss(spec.node, data))
    return Parts(
        train=train,
        model=_with_outputs(model, loss, data, spec.node),
        optimizer=optimizer,
        loss=loss,
        schedule=one_of("schedule"),
        augment=all_of("augment"),
        regularizers=all_of("regularizers"),
    )


def _default_loss(node: str, data: DataSet) -> Part:
    with at(node):
        data.outputs("")  # says what to do about a data set without targets
    return Part("loss", DEFAULT_LOSSES[data.task], {})


def _with_outputs(model: Placed, loss: Placed, data: DataSet, node: str) -> Placed:
    """Fill the option `outputs`, or check what was given against the data and the loss."""
    with at(node):
        needed = loss.stage.outputs(data.outputs(loss.stage.link), loss.options)
    if "outputs" not in model.stage.options.model_fields:
        return model
    given = model.options.get("outputs")
    if given is None:
        return replace(model, options={**model.options, "outputs": needed})
    if given != needed and loss.stage.link != "identity":
        raise DataError(
            f"{model.node} ({model.stage.ref}): outputs is {given}, but {loss.stage.ref} needs {needed} "
            f"on the data of {node}; leave the option out and it is filled in"
        )
    return model


@contextmanager
def at(node: str, stage: str = "", graph: Graph | None = None) -> Iterator[None]:
    """Make errors in the block name `node`; what is not plait's own becomes a StageError with its cause.

    What is traced in `graph` in the block is known to come from there.
    """
    place = f"{node} ({stage})" if stage else node
    try:
        with graph.traced_by(Origin(node, stage)) if graph is not None else nullcontext():
            yield
    except PlaitError as error:
        if not getattr(error, "placed", False):
            error.args = (f"{place}: {error}",)
            error.placed = True  # type: ignore[attr-defined]
        raise
    except Exception as error:
        outer = StageError(f"{place}: {type(error).__name__}: {error}")
        outer.placed = True  # type: ignore[attr-defined]
        raise outer from error
