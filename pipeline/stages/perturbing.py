"""What regularizers change on the way of a forward pass: inputs, hidden units, weights, targets, examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import StageError
from pipeline.stages.noise import TracedRandom

if TYPE_CHECKING:
    from pipeline.engine import Tensor

Perturb = Callable[["Tensor", TracedRandom], "Tensor"]
PerturbExamples = Callable[["Tensor", "Tensor", TracedRandom], tuple["Tensor", "Tensor"]]
Noise = tuple[str | int, ...]
PERTURBED = ("inputs", "hidden", "weights", "targets", "examples")


@dataclass(frozen=True)
class _Perturbation:
    path: Noise
    function: Callable[..., Any]


class Perturbations:
    """The functions that regularizers gave, by what they change; draws are keyed by their node."""

    def __init__(self) -> None:
        self._known: dict[str, list[_Perturbation]] = {what: [] for what in PERTURBED}

    def add(self, what: str, node: str, function: Callable[..., Any]) -> None:
        """Add the function of the regularizer in `node`."""
        mine = sum(perturbation.path[0] == node for perturbation in self._known[what])
        self._known[what].append(_Perturbation((node, what, mine), function))

    @property
    def reach_targets(self) -> bool:
        """Whether any changes targets."""
        return bool(self._known["examples"] or self._known["targets"])

    def of(self, what: str, name: str, tensor: Tensor, noise: Noise = ()) -> Tensor:
        """Return the tensor `name` after every function; `noise` tells draws of another number of rows."""
        for perturbation in self._known[what]:
            rng = TracedRandom(tensor.graph, *perturbation.path, name, *noise)
            shape = tensor.shape
            tensor = perturbation.function(tensor, rng)
            if tensor.shape != shape:
                raise StageError(f"on_{what} changed the shape of {name!r} from {shape} to {tensor.shape}")
        return tensor

    def of_examples(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets after every function that changes both."""
        for perturbation in self._known["examples"]:
            rng = TracedRandom(inputs.graph, *perturbation.path)
            inputs, targets = perturbation.function(inputs, targets, rng)
        return inputs, targets
