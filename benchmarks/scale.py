"""Growth: the time and the memory of whole sweeps of 16 to 4,096 trials, and the time to a first step.

A small net on scikit-learn's digits, half the trials with another seed, from the start of `plait run` to
its end on all cores.  Time may grow no faster than trials do.  `peak_mib` is the most memory that one of a
run's processes had.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.first_step import HIDDEN, MEMBERS
from benchmarks.process import finished

TRIALS = (16, 64, 256, 1024, 4096)
QUICK = TRIALS[:3]
FIRST_STEP_LIMIT = 1.0
DAG = """\
plait: 1
name: growth
nodes:
  digits: {{stage: data.digits}}
  parts: {{stage: transform.split, inputs: {{data: digits}}, options: {{validation: 0.2, test: 0}}}}
  net:   {{stage: model.mlp, options: {{hidden: [16]}}}}
  adam:  {{stage: optimizer.adam}}
  fit:
    stage: train.minibatch
    inputs: {{data: parts, model: net, optimizer: adam}}
    options: {{epochs: 3, batch_size: 64}}
sweep:
  space: {{adam.lr: {rates}}}
  seeds: 2
"""


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return wall time and memory of each number of trials, and the times to a first step."""
    with tempfile.TemporaryDirectory() as folder:
        return {**_growth(Path(folder), QUICK if quick else TRIALS), **_first_steps(Path(folder))}


def name(trials: int) -> str:
    """Return what a number of trials is called."""
    return f"{trials:,} trials"


def _growth(folder: Path, numbers: tuple[int, ...]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    _run(folder, numbers[0])  # kernels compiled, files in the system's cache
    before: tuple[int, float] | None = None
    for trials in numbers:
        done = _run(folder, trials)
        found[name(trials)] = {
            "seconds": done.seconds,
            "limit_seconds": before and before[1] * trials / before[0],
            "peers": {},
            "peak_mib": round(done.peak_bytes / 2**20, 1),
        }
        before = (trials, done.seconds)
    return found


def _run(folder: Path, trials: int):
    rates = np.geomspace(1e-3, 1e-2, trials // 2).round(7).tolist()
    path = folder / f"growth-{trials}.yaml"
    path.write_text(DAG.format(rates=rates))
    with tempfile.TemporaryDirectory(dir=folder) as store:
        return finished(["-m", "pipeline", "run", str(path), "--json"], PLAIT_STORE=store)


def _first_steps(folder: Path) -> dict[str, dict[str, object]]:
    """Measure in fresh processes, first with no kernel in their folder, then with those of before."""
    what = f"first steps of {MEMBERS} members, {list(HIDDEN)}"
    limits = {
        f"{what}, kernels to compile": None,
        f"{what}, kernels cached": FIRST_STEP_LIMIT,
    }
    return {
        work: {"seconds": _first_step(folder), "limit_seconds": limit, "peers": {}}
        for work, limit in limits.items()
    }


def _first_step(folder: Path) -> float:
    done = finished(["-m", "benchmarks.first_step"], PLAIT_KERNELS=str(folder / "kernels"))
    return float(done.stdout)
