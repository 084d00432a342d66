"""The reference sweep, whole: from the start of a process to its end, against its peers in the same run.

64 nets on 10,000 MNIST digits (benchmarks/reference.py).  The data are `mnist10k.npz` in the folder that
PLAIT_TEST_DATA names; pixels are scaled to 0..1 once, before anything is timed, and all read that file.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.process import seconds
from benchmarks.reference import DECAYS, RATES, SEEDS

LIMIT_SECONDS = 5.0
TURNS = 3
PEERS = {
    "scikit-learn GridSearchCV": ("sklearn", "sklearn_sweep"),
    "torch, 2 processes": ("torch", "torch_sweep"),
}


def works() -> dict[str, dict[str, object]]:
    """Return the median wall time of the sweep and of each peer that is installed, measured in turns."""
    with tempfile.TemporaryDirectory() as folder:
        data = _prepared(Path(folder))
        commands = {"plait": _ours(data), **_peers(data)}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(TURNS):
            for name, command in commands.items():
                times[name].append(seconds(command, PLAIT_STORE=str(Path(folder) / f"store{turn}")))
        medians = {name: statistics.median(found) for name, found in times.items()}
    ours = medians.pop("plait")
    trials = len(RATES) * len(DECAYS) * len(SEEDS)
    work = {"seconds": ours, "limit_seconds": LIMIT_SECONDS, "peers": medians}
    return {f"reference sweep, {trials} trials": work}


def _prepared(folder: Path) -> Path:
    source = Path(os.environ.get("PLAIT_TEST_DATA", "")) / "mnist10k.npz"
    if not source.is_file():
        sys.exit("the sweep needs mnist10k.npz: name its folder in PLAIT_TEST_DATA")
    with np.load(source) as arrays:
        images = arrays["images"].astype(np.float32) / 255
        np.savez(folder / "mnist.npz", images=images, labels=arrays["labels"].astype(np.int64))
    return folder / "mnist.npz"


def _ours(data: Path) -> list[str]:
    return ["-m", "pipeline", "run", "benchmarks/reference.yaml", "--set", f"mnist.path={data}", "--json"]


def _peers(data: Path) -> dict[str, list[str]]:
    return {
        name: ["-m", f"benchmarks.peers.{module}", str(data)]
        for name, (package, module) in PEERS.items()
        if find_spec(package)
    }
