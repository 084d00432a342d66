"""Faults that really happen, to runs of the small DAG; and what a run gives to which nothing happened."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipeline.results import Results
from pipeline.running.records import NodeRow, Records
from pipeline.running.store import Store
from tests.running.conftest import Small

Mount = Callable[[Path, str], None]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """The small DAG in a folder of its own."""
    return Small(tmp_path)


def final(small: Small, results: Results) -> dict[str, Any]:
    """Return all that a run found, weights as bytes."""
    assert results.state == "done", {name: node.get("errors") for name, node in results.nodes.items()}
    trials = {trial["label"]: trial["metrics"] for trial in results.trials}
    return {"weights": small.weights(results), "trials": trials, "score": results.nodes["score"]["metrics"]}


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the small DAG gives to whom nothing happens."""
    small = Small(tmp_path_factory.mktemp("undisturbed"))
    return final(small, small.run())


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount a disk in memory of a size such as "64k" at a folder, or give one there another size."""
    with ExitStack() as stack:

        def mounted(folder: Path, size: str) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            again = "remount," if folder.is_mount() else ""
            command = ["mount", "-t", "tmpfs", "-o", f"{again}size={size}", "tmpfs", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"no disk to fill: {done.stderr.strip()}")
            if not again:
                stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)

        yield mounted


def failures(store: Store, node: str | None = None) -> list[NodeRow]:
    """Return what failed in a store's last run."""
    with Records(store.records, create=False) as records:
        rows = records.nodes(records.run("last").id, node)
    return [row for row in rows if row.state == "failed"]
