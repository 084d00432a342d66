"""The reference sweep, whole: from the start of a process to its end, against its peers in the same run.

64 nets on 10,000 MNIST digits (benchmarks/reference.py).  The data are `mnist10k.npz` in the folder that
PLAIT_TEST_DATA names; pixels are scaled to 0..1 once, before anything is timed, and all read that file.
A peer counts only if its best setting is as accurate as plait's.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.process import Done, finished
from benchmarks.reference import DECAYS, RATES, SEEDS, best
from benchmarks.targets import OPTUNA, PROCESSES, RAY, SCAN, SKLEARN, VMAP, limit

TRIALS = len(RATES) * len(DECAYS) * len(SEEDS)
NAME = f"reference sweep, {TRIALS} trials"
OURS = "plait"
PEERS = {
    SCAN: ("jax", "jax_sweep"),
    SKLEARN: ("sklearn", "sklearn_sweep"),
    PROCESSES: ("torch", "torch_sweep"),
    VMAP: ("torch", "torch_vmap_sweep"),
    OPTUNA: ("optuna", "optuna_sweep"),
    RAY: ("ray", "ray_sweep"),
}
TURNS = 5
LONG_SECONDS = 60.0  # what takes longer is measured once
NOISE = 0.015  # of an accuracy on 2,000 rows, a mean over two seeds, the best of 32 settings


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median wall time of the sweep and of each peer that is installed, measured in turns."""
    times: dict[str, list[float]] = {}
    accuracies: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(prepared(Path(folder)))
        for turn in range(1 if quick else TURNS):
            for name, command in commands.items():
                if turn and times[name][0] > LONG_SECONDS:
                    continue
                done = finished(command, PLAIT_STORE=str(Path(folder) / f"store{turn}"))
                times.setdefault(name, []).append(done.seconds)
                accuracies[name] = _accuracy(done)
    _check(accuracies)
    others = {name: statistics.median(found) for name, found in times.items()}
    ours = others.pop(OURS)
    return {NAME: {"seconds": ours, "limit_seconds": limit(NAME, others), "peers": others}}


def prepared(folder: Path) -> Path:
    """Write the data that all read, and return the file."""
    source = Path(os.environ.get("PLAIT_TEST_DATA", "")) / "mnist10k.npz"
    if not source.is_file():
        sys.exit("the sweep needs mnist10k.npz: name its folder in PLAIT_TEST_DATA")
    with np.load(source) as arrays:
        images = arrays["images"].astype(np.float32) / 255
        np.savez(folder / "mnist.npz", images=images, labels=arrays["labels"].astype(np.int64))
    return folder / "mnist.npz"


def ours(data: Path) -> list[str]:
    """Return plait's command, without the interpreter."""
    return ["-m", "pipeline", "run", "benchmarks/reference.yaml", "--set", f"mnist.path={data}", "--json"]


def _commands(data: Path) -> dict[str, list[str]]:
    peers = {
        name: ["-m", f"benchmarks.peers.{module}", str(data)]
        for name, (package, module) in PEERS.items()
        if find_spec(package)
    }
    return {OURS: ours(data), **peers}


def _accuracy(done: Done) -> float:
    """Return the mean accuracy of the best setting from what a sweep printed."""
    told = json.loads(done.stdout)
    if isinstance(told["trials"], list):
        return best(
            ((each["options"]["adam.lr"], each["options"]["decay.strength"]), each["metrics"]["accuracy"])
            for each in told["trials"]
        )
    if told["trials"] != TRIALS:
        raise SystemExit(f"{' '.join(done.arguments)} trained {told['trials']} nets instead of {TRIALS}")
    return float(told["accuracy"])


def _check(accuracies: dict[str, float]) -> None:
    for name, accuracy in accuracies.items():
        print(f"{name}: accuracy {accuracy:.4f}", file=sys.stderr)
        if abs(accuracy - accuracies[OURS]) > NOISE:
            raise SystemExit(f"{name} does not do the same work: it is not as accurate as plait, or more so")
