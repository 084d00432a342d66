"""What an evaluate stage may show beside numbers: images, points, curves, tables, drawings.

    from pipeline import evaluate, exhibits

    @evaluate
    def prototypes(model, data):
        return {"classes": 10, "means": exhibits.Images(means, caption="The mean of each class")}

Exhibits are kept with the node's result and drawn by `plait report`.  Each is checked when it is made; a
StageError says what does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import StageError
from pipeline.svg import problem_of

__all__ = ["Drawing", "Exhibit", "Images", "Lines", "Scatter", "Table", "from_parts"]

Array = npt.NDArray[Any]
Cell = str | int | float | None


class Exhibit:
    """Something to look at.  Two exhibits are equal if they are of one kind and show the same."""

    kind: ClassVar[str]
    caption: str

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the JSON and the arrays that the store keeps."""
        json, arrays = self._parts()
        return {"exhibit": self.kind, "caption": self.caption, **json}, arrays

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON, arrays as lists."""
        json, arrays = self.to_parts()
        return {**json, **{name: array.tolist() for name, array in arrays.items()}}

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Exhibit):
            return NotImplemented
        (json, arrays), (others_json, others) = self.to_parts(), other.to_parts()
        same = json == others_json and arrays.keys() == others.keys()
        return same and all(np.array_equal(array, others[name]) for name, array in arrays.items())

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash


@dataclass(frozen=True, eq=False)
class Images(Exhibit):
    """Grey images (n, height, width), drawn dark where they are high; `labels` stand below them, one each."""

    kind = "images"
    arrays: Array
    caption: str = ""
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        _set(self, arrays=_finite(self, "arrays", self.arrays), labels=_texts(self.labels))
        if self.arrays.ndim != 3 or 0 in self.arrays.shape:
            raise _wrong(self, f"arrays {self.arrays.shape}", "(n, height, width), at least one image")
        if len(self.labels) not in (0, len(self.arrays)):
            raise _wrong(self, f"{len(self.labels)} labels", f"none, or one for each of {len(self.arrays)}")

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        return {"labels": list(self.labels)}, {"arrays": self.arrays}


@dataclass(frozen=True, eq=False)
class Scatter(Exhibit):
    """Points (n, 2), coloured by `labels`, one each."""

    kind = "scatter"
    points: Array
    labels: Sequence[str] = ()
    caption: str = ""

    def __post_init__(self) -> None:
        _set(self, points=_finite(self, "points", self.points), labels=_texts(self.labels))
        if self.points.ndim != 2 or self.points.shape[1:] != (2,) or not len(self.points):
            raise _wrong(self, f"points {self.points.shape}", "(n, 2), at least one point")
        if len(self.labels) not in (0, len(self.points)):
            raise _wrong(self, f"{len(self.labels)} labels", f"none, or one for each of {len(self.points)}")

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        return {"labels": list(self.labels)}, {"points": self.points}


@dataclass(frozen=True, eq=False)
class Lines(Exhibit):
    """Curves over `x` (n,): `series` names each one's values (n,)."""

    kind = "lines"
    x: Array
    series: Mapping[str, Array]
    caption: str = ""
    x_name: str = ""
    y_name: str = ""

    def __post_init__(self) -> None:
        series = {str(name): _finite(self, f"series {name!r}", y) for name, y in self.series.items()}
        _set(self, x=_finite(self, "x", self.x), series=series)
        if self.x.ndim != 1 or not len(self.x):
            raise _wrong(self, f"x {self.x.shape}", "(n,), at least one number")
        if not series:
            raise _wrong(self, "no series", "one or more")
        for name, y in series.items():
            if y.shape != self.x.shape:
                raise _wrong(self, f"series {name!r} {y.shape}", f"the shape of x, {self.x.shape}")

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON, `series` by name."""
        about = {"exhibit": self.kind, "caption": self.caption, "x_name": self.x_name, "y_name": self.y_name}
        return {
            **about,
            "x": self.x.tolist(),
            "series": {name: y.tolist() for name, y in self.series.items()},
        }

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        names = {"series": list(self.series), "x_name": self.x_name, "y_name": self.y_name}
        return names, {"x": self.x, **{f"y{i}": y for i, y in enumerate(self.series.values())}}


@dataclass(frozen=True, eq=False)
class Table(Exhibit):
    """Rows of texts and numbers (None for an empty cell) under the names of their columns."""

    kind = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]] = field(default_factory=tuple)
    caption: str = ""

    def __post_init__(self) -> None:
        _set(self, columns=_texts(self.columns), rows=tuple(tuple(map(_cell, row)) for row in self.rows))
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise _wrong(self, f"row {number} of {len(row)} cells", f"{len(self.columns)} columns")

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        return {"columns": list(self.columns), "rows": [list(row) for row in self.rows]}, {}


@dataclass(frozen=True, eq=False)
class Drawing(Exhibit):
    """An SVG picture: one element <svg>, without scripts and without anything from elsewhere."""

    kind = "drawing"
    svg: str
    caption: str = ""

    def __post_init__(self) -> None:
        problem = problem_of(self.svg)
        if problem:
            raise _wrong(self, problem, "one element <svg> that needs nothing from elsewhere")

    def _parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        return {"svg": self.svg}, {}


def from_parts(json: Mapping[str, Any], arrays: Mapping[str, Array]) -> Exhibit:
    """Read what an exhibit's `to_parts` gave."""
    fields: dict[str, Any] = {name: value for name, value in json.items() if name != "exhibit"}
    if json["exhibit"] == Lines.kind:
        series = {name: arrays[f"y{i}"] for i, name in enumerate(fields.pop("series"))}
        return Lines(arrays["x"], series, **fields)
    kinds: dict[str, Any] = {kind.kind: kind for kind in (Images, Scatter, Table, Drawing)}
    shown: Exhibit = kinds[json["exhibit"]](**fields, **arrays)
    return shown


def _set(exhibit: Exhibit, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(exhibit, name, value)  # the dataclass is frozen: only __post_init__ may


def _finite(exhibit: Exhibit, name: str, values: Any) -> Array:
    """Return a read-only view of float numbers; StageError names what is no finite number."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise _wrong(exhibit, f"{name} of {array.dtype}", "numbers")
    array = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    if not np.isfinite(array).all():
        raise _wrong(exhibit, f"{name} with {array[~np.isfinite(array)][0]}", "finite numbers")
    view = array.view()
    view.flags.writeable = False
    return view


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _cell(value: Any) -> Cell:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        raise StageError(f"exhibits.Table: a cell is {plain}; allowed are texts, finite numbers and None")
    return plain if plain is None or isinstance(plain, int | float) else str(plain)


def _wrong(exhibit: Exhibit, found: str, allowed: str) -> StageError:
    return StageError(f"exhibits.{type(exhibit).__name__}: {found}; allowed: {allowed}")
