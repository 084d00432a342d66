"""Runs of DAG files for the catalogue: each file and setting once, however many rows look at it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from pipeline.api import run
from pipeline.dag.labels import shown
from pipeline.results import Results

DATA = "PLAIT_TEST_DATA"


class Runs:
    """Runs files of dags/ in one store."""

    def __init__(self, store: Path):
        self.store = store
        self._results: dict[tuple[Any, ...], Results] = {}

    def __call__(self, dag: str, **overrides: Any) -> Results:
        """Return the results of `dags/NAME`, run with overrides given as `node__option=value`."""
        settings = {name.replace("__", "."): value for name, value in overrides.items()}
        key = (dag, *sorted((name, repr(value)) for name, value in settings.items()))
        if key not in self._results:
            results = run(ROOT / "dags" / dag, set=settings, store=self.store)
            if results.exit_code:
                raise SystemExit(f"dags/{dag} ended with {results.exit_code}: see {self.store}")
            self._results[key] = results
        return self._results[key]

    def data(self, name: str) -> str:
        """Return the path of a file of larger data, from the folder that PLAIT_TEST_DATA names."""
        folder = os.environ.get(DATA, "")
        path = Path(folder) / name
        if not folder or not path.exists():
            raise SystemExit(f"there is no {name} in the folder that {DATA} names ({folder or 'not set'})")
        return str(path)


def metrics(results: Results, node: str) -> Mapping[str, float]:
    """Return the metrics of a node, their means where it has several instances."""
    return results.nodes[node]["metrics"]  # type: ignore[no-any-return]


def values(results: Results, node: str, metric: str, **settings: Any) -> list[float]:
    """Return a metric of those instances of a node that have these settings, `node__option=value`."""
    wanted = {f"{name.replace('__', '.')}={shown(value)}" for name, value in settings.items()}
    return [
        found["metrics"][metric]
        for found in results.nodes[node]["results"]
        if wanted <= set(found["label"].partition("[")[2].removesuffix("]").split(" "))
    ]
