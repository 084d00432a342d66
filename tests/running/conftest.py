"""A small DAG file on disk, its data, and runs of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pipeline
from pipeline.results import Results
from pipeline.running.store import Store

TEXT = """
plait: 1
name: small
nodes:
  points: {{stage: data.npz, options: {{path: {path}}}}}
  parts:  {{stage: transform.split, inputs: {{data: points}}, options: {{validation: 0.25, test: 0.25}}}}
  net:    {{stage: model.mlp, options: {{hidden: [4]}}}}
  sgd:    {{stage: optimizer.sgd}}
  fit:
    stage: train.minibatch
    inputs: {{data: parts, model: net, optimizer: sgd{ports}}}
    options: {{epochs: {epochs}, batch_size: 16}}
  vote:   {{stage: ensemble.average, inputs: {{models: fit}}, gather: {gather}}}
  score:
    stage: evaluate.classification
    inputs: {{model: vote, data: parts}}
    options: {{metrics: [accuracy]}}
{nodes}
sweep:
  space: {{sgd.lr: {rates}{space}}}
  seeds: {seeds}
"""


class Small:
    """Writes the file with its data beside it, and runs it in this process on one store."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.store = Store(folder / "store")

    def file(self, *, plugins: Sequence[Path] = (), **changes: Any) -> Path:
        """Write the DAG file with some parts changed, and return its path."""
        parts = {
            "path": self.data(),
            "ports": "",
            "epochs": 2,
            "gather": "{best: 2, metric: loss}",
            "nodes": "",
            "rates": "[0.1, 0.2]",
            "space": "",
            "seeds": 2,
        }
        text = TEXT.format(**{**parts, **changes})
        if plugins:
            text += f"plugins: [{', '.join(map(str, plugins))}]\n"
        path = self.folder / "small.yaml"
        path.write_text(text)
        return path

    def data(self) -> Path:
        """Write 80 points of two classes."""
        path = self.folder / "points.npz"
        if not path.exists():
            rng = np.random.default_rng(0)
            targets = np.arange(80) % 2
            np.savez(path, inputs=rng.normal(size=(80, 3)) + 2.0 * targets[:, None], targets=targets)
        return path

    def run(self, file: Path | None = None, **options: Any) -> Results:
        """Run a DAG file, by default the small one as it is."""
        options = {"cluster": "inline", "backend": "numpy", "store": self.store, **options}
        return pipeline.run(file or self.file(), **options)

    def stage(self, name: str, text: str) -> Path:
        """Write a local plugin file."""
        path = self.folder / f"{name}.py"
        path.write_text(text)
        return path

    def weights(self, results: Results) -> dict[str, dict[str, bytes]]:
        """Return every trial's weights as bytes, by trial label and parameter."""
        trials = [trial["label"] for trial in results.trials if trial["state"] in ("done", "cached")]
        models = {label: results.model("fit", label).networks[0].parameters for label in trials}
        return {label: {n: a.tobytes() for n, a in model.items()} for label, model in models.items()}

    @staticmethod
    def states(results: Results) -> dict[str, str]:
        """Return the state of each node."""
        return {name: node["state"] for name, node in results.nodes.items()}


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """The small DAG in a folder of its own."""
    return Small(tmp_path)
