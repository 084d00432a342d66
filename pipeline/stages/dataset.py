"""A data set as one immutable value: what every `data` and `transform` stage returns."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tokenize import TokenError
from types import MappingProxyType
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, nearest
from pipeline.stages.preparation import Preparation

Array = NDArray[Any]
Task = Literal["classes", "regression", "none"]
_UNREADABLE = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, BadZipFile, zlib.error,
    MemoryError, RecursionError, OverflowError, SyntaxError, TokenError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What a hostile file makes of zipfile, NumPy and json: say a shape of terabytes, a header without end."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """Inputs (rows, *features), targets, and the rows of each split.

    `targets` are class numbers (rows,) int64 for the task `classes`, floats (rows,) or (rows, columns)
    for `regression`, None for `none`; the task `auto` is told from the targets' dtype, and texts are
    numbered in sorted order.  `splits` maps a name to row numbers, which may repeat (a bootstrap); training
    never sees the targets of a split named `unlabelled`.  `auxiliary` are further targets by name, (rows,) or
    (rows, ...) each.  Where `missing` is set, inputs may be NaN: they are not there.
    Arrays are read-only views; float inputs keep their dtype, others become floats.
    """

    inputs: Array
    targets: Array | None = None
    task: Task | Literal["auto"] = "auto"
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    splits: Mapping[str, Array] = field(default_factory=dict)
    preparation: Preparation = None  # type: ignore[assignment]  # __post_init__ fills it
    auxiliary: Mapping[str, Array] = field(default_factory=dict)
    missing: bool = False

    def __post_init__(self) -> None:
        inputs = _floats(self.inputs)
        targets, task, classes = _targets(self.targets, self.task, tuple(map(str, self.classes)))
        features = tuple(map(str, self.features))
        splits = {str(name): _rows(rows) for name, rows in self.splits.items()}
        start = Preparation(str(inputs.dtype), inputs.shape[1:], features)
        _set(self, "inputs", _frozen(inputs))
        _set(self, "targets", None if targets is None else _frozen(targets))
        _set(self, "task", task)
        _set(self, "classes", classes)
        _set(self, "features", features)
        _set(self, "splits", MappingProxyType(splits))
        _set(self, "preparation", self.preparation or start)
        auxiliary = {str(name): _frozen(_further(array, name)) for name, array in self.auxiliary.items()}
        _set(self, "auxiliary", MappingProxyType(auxiliary))

    @classmethod
    def labelled(cls, inputs: Any, labels: Any, **fields: Any) -> DataSet:
        """Make a data set for classification; distinct labels of any kind are numbered in sorted order."""
        names, numbers = np.unique(np.asarray(labels).reshape(-1), return_inverse=True)
        return cls(inputs, numbers, "classes", tuple(str(name) for name in names.tolist()), **fields)

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, split: str) -> Array:
        """Return the row numbers of a split; `train` is every row where there are no splits."""
        if split in self.splits:
            return self.splits[split]
        if split == "train" and not self.splits:
            return np.arange(len(self))
        raise DataError(_no_split(split, self.splits))

    def split(self, name: str) -> tuple[Array, Array | None]:
        """Return the inputs and targets of a split; DataError names the splits that there are."""
        rows = self.rows(name)
        return self.inputs[rows], None if self.targets is None else self.targets[rows]

    def column(self, column: str | int) -> int:
        """Return the number of a column of the inputs, given that (-1 is the last) or its name."""
        width = int(self.inputs.shape[1])
        if isinstance(column, int) and -width <= column < width:
            return column % width
        if column in self.features:
            return self.features.index(str(column))
        raise DataError(
            f"the inputs have no column {column!r}\n"
            f"    allowed: {', '.join((*self.features, f'0 to {width - 1}'))}\n"
            f"    {nearest(str(column), self.features)}".rstrip()
        )

    def replace(self, **changes: Any) -> DataSet:
        """Return a copy with other fields.  What changes inputs by a rule uses `prepared_by` instead."""
        if "inputs" in changes and not self.preparation.steps:
            changes.setdefault("preparation", None)  # these are the raw inputs now
        return replace(self, **changes)

    def with_splits(self, **splits: Any) -> DataSet:
        """Return a copy in which the splits named have these rows; the others stay."""
        return replace(self, splits={**self.splits, **splits})

    def prepared_by(
        self, function: Callable[..., Array], *, features: tuple[str, ...] | None = None, **arrays: Any
    ) -> DataSet:
        """Return a copy whose inputs are `function(inputs, **arrays)`, and remember how for predictions.

        `function` works on any number of rows, each by itself, and is defined at the top of its module.
        `features` are the names of the new columns, where they change.
        """
        fitted = {name: np.asarray(array) for name, array in arrays.items()}
        return replace(
            self,
            inputs=function(self.inputs, **fitted),
            features=self.features if features is None else features,
            preparation=self.preparation.then(function, fitted),
        )

    def outputs(self, link: str) -> int:
        """Return how many classes or columns a loss with this link is for: one of two classes by sigmoid."""
        if self.task == "none" or self.targets is None:
            raise DataError("the data set has no targets to train on\n    load it with targets")
        if self.task == "classes":
            if link not in ("", "softmax", "sigmoid"):
                raise DataError(
                    "the targets are classes, but the loss fits numbers\n"
                    "    use loss.softmax, or load the targets with `task: regression`"
                )
            return 1 if link == "sigmoid" and len(self.classes) == 2 else len(self.classes)
        if link == "softmax":
            raise DataError(
                "the targets are numbers, but the loss needs classes (its link is softmax)\n"
                "    use loss.gaussian, or load the targets with `task: classes`"
            )
        return 1 if self.targets.ndim == 1 else int(self.targets.shape[1])

    def validate(self, node: str) -> DataSet:
        """Return the data set itself, or raise DataError that names the node, the place and the fix."""
        from pipeline.stages.validation import validate

        validate(self, node)
        return self

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the JSON and the arrays that the store keeps."""
        steps, fitted = self.preparation.to_parts()
        parts = {
            "task": self.task,
            "classes": list(self.classes),
            "features": list(self.features),
            "splits": list(self.splits),
            "preparation": steps,
            "auxiliary": list(self.auxiliary),
            "missing": self.missing,
        }
        arrays = {"inputs": self.inputs, **{f"splits.{name}": rows for name, rows in self.splits.items()}}
        arrays |= {f"auxiliary.{name}": array for name, array in self.auxiliary.items()}
        if self.targets is not None:
            arrays["targets"] = self.targets
        return parts, {**arrays, **{f"preparation.{name}": array for name, array in fitted.items()}}

    @classmethod
    def from_parts(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array]) -> DataSet:
        """Read what `to_parts` gave."""
        prefix = "preparation."
        fitted = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
        return cls(
            arrays["inputs"],
            arrays.get("targets"),
            parts["task"],
            tuple(parts["classes"]),
            tuple(parts["features"]),
            {name: arrays[f"splits.{name}"] for name in parts["splits"]},
            Preparation.from_parts(parts["preparation"], fitted),
            {name: arrays[f"auxiliary.{name}"] for name in parts["auxiliary"]},
            parts["missing"],
        )

    def save(self, path: str | Path) -> None:
        """Write the data set to an .npz file, the same bytes for the same content."""
        json_part, arrays = self.to_parts()
        with Path(path).open("wb") as file:
            np.savez(file, json=np.array(json.dumps(json_part)), **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | Path) -> DataSet:
        """Read what `save` wrote, or an .npz file of `inputs` and `targets`; no pickle is read."""
        try:
            # opened here because NumPy leaves a file open that is no .npz
            with Path(path).open("rb") as handle, np.load(handle, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if "json" not in arrays:
                return cls(arrays["inputs"], arrays.get("targets"))
            return cls.from_parts(json.loads(str(arrays.pop("json"))), arrays)
        except _UNREADABLE as error:
            raise DataError(f"{path} is not a saved data set: {error}") from error

    def _repr_html_(self) -> str:
        from html import escape

        splits = ", ".join(f"{name} {len(rows)}" for name, rows in self.splits.items()) or "none"
        what = {
            "rows": len(self),
            "inputs": f"{self.inputs.shape[1:]} {self.inputs.dtype}",
            "task": self.task,
        }
        if self.classes:
            what["classes"] = f"{len(self.classes)}: {', '.join(self.classes[:10])}"
        cells = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in {**what, "splits": splits}.items()
        )
        return f"<table>{cells}</table>"


_set = object.__setattr__  # the dataclass is frozen: only __post_init__ may


def _frozen(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


def _further(targets: Any, name: str) -> Array:
    array = np.asarray(targets)
    if array.dtype.kind not in "biuf":
        raise DataError(f"the auxiliary targets {name!r} are of dtype {array.dtype}: give numbers")
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def _floats(inputs: Any) -> Array:
    array = np.asarray(inputs)
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"the inputs are of dtype {array.dtype}, not numbers\n    encode them as numbers first"
        )
    # float32 holds every integer of two bytes, and half precision, exactly
    return array.astype(np.float32 if array.dtype.itemsize <= 2 else np.float64)


def _targets(targets: Any, task: str, classes: tuple[str, ...]) -> tuple[Array | None, str, tuple[str, ...]]:
    if targets is None:
        return None, "none", ()
    array = np.asarray(targets)
    if array.dtype.kind in "US":
        classes, array = _numbered(array, classes)
    elif array.dtype.kind not in "biuf":
        raise DataError(f"the targets are of dtype {array.dtype}: give numbers or texts")
    if task == "auto":
        task = "regression" if array.dtype.kind == "f" else "classes"
    if task == "regression":
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64), task, ()
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        raise DataError(
            "the targets are not whole numbers, so they cannot be classes\n    use `task: regression`"
        )
    numbers = array.astype(np.int64, copy=False)
    if not classes:
        classes = tuple(str(i) for i in range(int(numbers.max(initial=-1)) + 1))
    return numbers, "classes", classes


def _numbered(texts: Array, classes: tuple[str, ...]) -> tuple[tuple[str, ...], Array]:
    names, numbers = np.unique(texts.astype(str), return_inverse=True)
    found = tuple(str(name) for name in names)
    if not classes:
        return found, numbers
    unknown = [name for name in found if name not in classes]
    if unknown:
        raise DataError(
            f"the targets hold {unknown[0]!r}, which is not a class\n"
            f"    allowed: {', '.join(classes)}\n    {nearest(unknown[0], classes)}".rstrip()
        )
    return classes, np.array([classes.index(name) for name in found])[numbers]


def _rows(rows: Any) -> Array:
    array = np.asarray(rows)
    if array.dtype == bool:
        array = np.flatnonzero(array)
    if array.size and array.dtype.kind not in "iu":
        raise DataError(
            f"a split holds {array.dtype} values; it must hold row numbers, or a mask of all rows"
        )
    return _frozen(array.astype(np.int64))


def _no_split(split: str, splits: Mapping[str, Array]) -> str:
    missing = f"the data set has no split {split!r}"
    if not splits:
        return f"{missing}: it is not split at all\n    put a transform.split before it"
    return f"{missing}\n    allowed: {', '.join(splits)}\n    {nearest(split, splits)}".rstrip()
