"""Fixtures that all tests share.  Tests are stricter than use: warnings and bad arithmetic are errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

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
