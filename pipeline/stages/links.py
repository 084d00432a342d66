"""Links: what turns a model's outputs into predictions, by name, or a function that a loss brings itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StageError

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Array = NDArray[Any]


@dataclass(frozen=True)
class OwnLink:
    """The link that a loss brings itself, with those of the loss's options that it names."""

    loss: Stage
    options: tuple[tuple[str, Any], ...]

    def __call__(self, outputs: Array) -> Array:
        """Return predictions (..., columns) from raw outputs (..., outputs)."""
        predicted = np.asarray(self.loss.own_link(outputs, **dict(self.options)))  # type: ignore[misc]
        if predicted.ndim != outputs.ndim or predicted.shape[:-1] != outputs.shape[:-1]:
            raise StageError(
                f"{self.loss.ref}: its link gives shape {predicted.shape} for outputs {outputs.shape}; "
                "allowed: the same but for the last axis"
            )
        return predicted


Link = str | OwnLink


def link_of(loss: Stage, options: Mapping[str, Any]) -> Link:
    """Return the link of a loss with complete options."""
    if loss.own_link is None:
        return loss.link
    return OwnLink(loss, tuple((name, options[name]) for name in loss.named_by(loss.own_link)))


def to_json(link: Link) -> Any:
    """Return what the store keeps of a link."""
    if isinstance(link, str):
        return link
    return {"loss": link.loss.ref, "options": dict(link.options)}


def from_json(kept: Any, registry: Registry) -> Link:
    """Read what `to_json` gave; the loss is found in `registry`."""
    if isinstance(kept, str):
        return kept
    loss = registry.stage(kept["loss"])
    return link_of(loss, loss.check(kept["options"]))


def predictions(outputs: Array, link: Link, task: str) -> Array:
    """Return probabilities or values from raw outputs (..., outputs); the last axis becomes one a class.

    identity keeps values and exp gives positive ones; softmax gives probabilities; sigmoid gives
    probabilities of the outputs each by itself, and for the task `classes` probabilities of the classes: of
    both where there is one output, and otherwise scaled to sum to 1.
    """
    if isinstance(link, OwnLink):
        return link(outputs)
    if link == "softmax":
        return _softmax(outputs)
    if link == "identity":
        return outputs
    if link == "exp":
        return np.exp(outputs)
    each = _sigmoid(outputs)
    if task != "classes":
        return each
    if outputs.shape[-1] == 1:
        return np.concatenate([_sigmoid(-outputs), each], axis=-1)
    total: Array = each.sum(axis=-1, keepdims=True)
    # where every class is all but impossible (0 / 0), the logits still tell which is the least so
    return np.where(total > 0, each / np.where(total > 0, total, 1), _softmax(outputs))


def _softmax(outputs: Array) -> Array:
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _sigmoid(outputs: Array) -> Array:
    # exact for logits of both signs, where 1 / (1 + exp(-z)) would overflow
    e = np.exp(-np.abs(outputs))
    return np.where(outputs >= 0, 1, e) / (1 + e)  # type: ignore[no-any-return]
