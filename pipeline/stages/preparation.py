"""What was done to a data set's inputs, so that new inputs can be prepared in the same way.

A step is a function of a transform's module and the arrays that were fitted.  It is kept by name and
looked up among the stages that are installed: a stored predictor can name only code that provides a
transform, never any function of any module.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, ShapeError, UserError

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

Array = NDArray[Any]
Prepare = Callable[..., Array]


@dataclass(frozen=True, eq=False)
class Step:
    """`function(inputs, **arrays)`, the function named by its module and name."""

    module: str
    name: str
    arrays: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Preparation:
    """The steps from raw inputs, whose `dtype`, `shape` (of one row) and `features` are remembered."""

    dtype: str
    shape: tuple[int, ...]
    features: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    functions: Mapping[tuple[str, str], Prepare] = field(default_factory=dict, repr=False)

    def then(self, function: Prepare, arrays: Mapping[str, Array]) -> Preparation:
        """Return this preparation with one more step."""
        module, name = function.__module__, function.__qualname__
        if "." in name or "<" in name:
            raise DataError(
                f"prepared_by was given {name!r} of {module}, which cannot be found again by its name\n"
                "    give it a function defined at the top of the stage's module"
            )
        step = Step(module, name, MappingProxyType(dict(arrays)))
        functions = MappingProxyType({**self.functions, (module, name): function})
        return replace(self, steps=(*self.steps, step), functions=functions)

    def found_in(self, registry: Registry) -> Preparation:
        """Return this preparation with the steps' functions looked up in the transforms of `registry`."""
        functions = {(s.module, s.name): _find(s, registry) for s in self.steps}
        return replace(self, functions=MappingProxyType(functions))

    def apply(self, inputs: Any) -> Array:
        """Prepare raw inputs (rows, *shape); ShapeError if their shape is another."""
        raw = np.asarray(inputs)
        if raw.shape[1:] != self.shape or raw.ndim == 0:
            raise ShapeError(
                f"the inputs have shape {raw.shape}, but the model takes raw inputs of shape "
                f"(rows, {', '.join(map(str, self.shape))})"
            )
        prepared = raw.astype(self.dtype, copy=False)
        for step in self.steps:
            prepared = self.functions[step.module, step.name](prepared, **step.arrays)
        return prepared

    @cached_property
    def digest(self) -> str:
        """A hash of the steps and what was fitted: equal where inputs are prepared alike."""
        parts, arrays = self.to_parts()
        content = hashlib.sha256(json.dumps([parts["shape"], parts["steps"]]).encode())
        for name in sorted(arrays):
            content.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
            content.update(np.ascontiguousarray(arrays[name]).tobytes())
        return content.hexdigest()

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the JSON and the arrays that the store keeps."""
        steps = [{"module": s.module, "name": s.name, "arrays": sorted(s.arrays)} for s in self.steps]
        arrays = {f"{i}.{name}": a for i, s in enumerate(self.steps) for name, a in s.arrays.items()}
        json = {
            "dtype": self.dtype,
            "shape": list(self.shape),
            "features": list(self.features),
            "steps": steps,
        }
        return json, arrays

    @classmethod
    def from_parts(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array]) -> Preparation:
        """Read what `to_parts` gave; `found_in` must follow before `apply`."""
        steps = tuple(
            Step(s["module"], s["name"], {name: arrays[f"{i}.{name}"] for name in s["arrays"]})
            for i, s in enumerate(parts["steps"])
        )
        return cls(parts["dtype"], tuple(parts["shape"]), tuple(parts["features"]), steps)


def _find(step: Step, registry: Registry) -> Prepare:
    for ref in sorted(registry.names("transform"), key=lambda ref: not step.module.endswith(ref)):
        try:
            stage = registry.stage(ref)
        except UserError:  # a broken or blocked transform is not the one that prepared these inputs
            continue
        function: Any = getattr(stage.function, "__globals__", {}).get(step.name)
        if stage.module == step.module == getattr(function, "__module__", None):
            return function  # type: ignore[no-any-return]
    raise DataError(
        f"the inputs were prepared by {step.name!r} of {step.module}, which no installed transform provides\n"
        "    install the plugin again, or name its file in the DAG's `plugins`"
    )
