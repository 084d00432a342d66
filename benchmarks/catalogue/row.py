"""What a row of the catalogue says, and the bars that its figures must clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.catalogue.runs import Runs

ROWS = Path(__file__).parent / "rows"


@dataclass(frozen=True)
class AtLeast:
    """A bar for a figure that should be high."""

    value: float

    def met(self, figure: float) -> bool:
        """Return whether `figure` clears the bar."""
        return figure >= self.value

    def __str__(self) -> str:
        return f"≥ {self.value:g}"


@dataclass(frozen=True)
class AtMost:
    """A bar for a figure that should be low."""

    value: float

    def met(self, figure: float) -> bool:
        """Return whether `figure` clears the bar."""
        return figure <= self.value

    def __str__(self) -> str:
        return f"≤ {self.value:g}"


Bar = AtLeast | AtMost


@dataclass(frozen=True)
class Row:
    """A technique: what it is called, what offers it, where it is used on real data, what it must reach.

    `stages` are references such as `optimizer.adam`, `functions` public names such as
    `pipeline.calculus.newton`, `dags` files in dags/.  `bars` has one entry for each figure that
    `figures` returns.  `missed` says why, where a figure does not clear its bar.
    """

    id: str
    name: str
    sentence: str
    source: str
    bars: Mapping[str, Bar]
    dags: tuple[str, ...]
    stages: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    missed: str = ""


@dataclass(frozen=True)
class Entry:
    """A row with the function that measures its figures."""

    row: Row
    figures: Callable[[Runs], Mapping[str, float]]


def entries() -> Iterator[Entry]:
    """Yield the rows in the order of the catalogue: N, B, F, R, and by number."""
    paths = [path for path in ROWS.glob("*.py") if path.stem != "__init__"]
    for path in sorted(paths, key=lambda path: ("nbfr".index(path.stem[0]), int(path.stem[1:]))):
        module = import_module(f"benchmarks.catalogue.rows.{path.stem}")
        yield Entry(module.ROW, module.figures)
