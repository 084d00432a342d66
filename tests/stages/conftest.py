"""Small cohorts for the tests of the training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.registry import Registry


@pytest.fixture(scope="session")
def stages() -> Registry:
    """The built-in stages, and those of local_stages.py."""
    return Registry(local=[Path(__file__).parent / "local_stages.py"])


@pytest.fixture
def blobs() -> Callable[..., DataSet]:
    """Return a data set of three classes, 50 rows of 4 features: 36 to train on, 14 to validate."""

    def make(seed: int = 0, task: str = "classes", validation: bool = True) -> DataSet:
        rng = np.random.default_rng(seed)
        classes = np.arange(50) % 3
        inputs = rng.normal(size=(50, 4)) + classes[:, None] * np.array([1.0, -1.0, 0.5, 0.0])
        splits = {"train": np.arange(36), **({"validation": np.arange(36, 50)} if validation else {})}
        targets = classes if task == "classes" else inputs[:, 0] - 0.5 * inputs[:, 1]
        return DataSet(inputs, targets, task, splits=splits)

    return make


@pytest.fixture
def cohort_of(stages: Registry) -> Callable[..., CohortSpec]:
    """Return a cohort of one member for each mapping "node.option" -> number; "seed" and "data" are special.

    Nodes are called as their stages: adam, mlp.
    """

    def make(
        *settings: Mapping[str, Any],
        model: str = "model.mlp",
        optimizer: str = "optimizer.adam",
        train: str = "train.minibatch",
        dtype: str = "float32",
        options: Mapping[str, Mapping[str, Any]] | None = None,
        **ports: Sequence[str],
    ) -> CohortSpec:
        given = {"mlp": {"hidden": [5]}, "minibatch": {"epochs": 3, "batch_size": 12}, **(options or {})}

        def part(ref: str) -> Part:
            node = ref.split(".")[1]
            return Part(node, ref, stages.stage(ref).check(given.get(node, {})))

        members = [_member(slot, one) for slot, one in enumerate(settings or [{}])]
        parts = {"model": [model], "optimizer": [optimizer], **ports}
        return CohortSpec(
            "fit",
            part(train),
            {port: tuple(map(part, refs)) for port, refs in parts.items()},
            tuple(members),
            dtype,
        )

    return make


def _member(slot: int, setting: Mapping[str, Any]) -> Member:
    options: dict[str, dict[str, float]] = {}
    for name, value in setting.items():
        if "." in name:
            node, option = name.split(".")
            options.setdefault(node, {})[option] = value
    return Member(f"t{slot}", f"k{slot}", setting.get("seed", 0), setting.get("data", "data"), options)
