"""Fixtures that all tests share.  Tests are stricter than use: warnings and bad arithmetic are errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend
from pipeline.stages.registry import Registry


@pytest.fixture(autouse=True)
def arithmetic_raises() -> Iterator[None]:
    """Raise on overflow, division by zero and NaN; a softmax may underflow."""
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        yield


@pytest.fixture(autouse=True)
def nothing_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is blocked on this machine out of the tests."""
    monkeypatch.delenv("PLAIT_BLOCK", raising=False)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The built-in and installed stages."""
    return Registry()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of larger data sets that PLAIT_TEST_DATA names; the test is skipped where there is none."""
    folder = os.environ.get("PLAIT_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PLAIT_TEST_DATA names no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def traced() -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Run `f(**arrays)` as a traced program: its value, and the gradients of Σ sin(value) to float arrays."""

    def run(f: Callable[..., Any], dtype: str = "float64", **arrays: Any) -> tuple[Any, dict[str, Any]]:
        graph = Graph(dtype)
        inputs = {name: graph.input(name, array.shape, array.dtype) for name, array in arrays.items()}
        value = f(**inputs)
        floats = [name for name, array in arrays.items() if array.dtype.kind == "f"]
        slopes = gradient(ops.sum(ops.sin(value)), [inputs[name] for name in floats])
        outputs = {"value": value, **dict(zip(floats, slopes, strict=True))}
        executor = Program(graph, outputs).bind(1, (), numpy_backend())
        for name, buffer in executor.inputs.items():
            buffer[...] = arrays[name]
        executor.run()
        results = {name: np.array(array) for name, array in executor.outputs.items()}
        return results.pop("value"), results

    return run
