"""The reference sweep by Ray Tune: a grid search over torch's training loop, one core a trial."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ["RAY_CHDIR_TO_TRIAL_DIR"] = "0"
os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])

import ray
from ray import tune

from benchmarks.reference import DECAYS, RATES, SEEDS, tell


def trial(config: dict[str, float], path: str) -> dict[str, float]:
    """Train one net; Ray runs this in a process of its own."""
    from benchmarks.peers.torch_trial import accuracy, tensors

    inputs, labels = tensors(path)
    return {"accuracy": accuracy(inputs, labels, config["rate"], config["decay"], int(config["seed"]))}


def main(path: str) -> None:
    """Train the 64 nets as trials of one experiment and tell the best accuracy."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    space = {"rate": RATES, "decay": DECAYS, "seed": SEEDS}
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_parameters(trial, path=path),
            param_space={name: tune.grid_search(values) for name, values in space.items()},
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        results = list(tuner.fit())
    tell(((each.config["rate"], each.config["decay"]), each.metrics["accuracy"]) for each in results)


if __name__ == "__main__":
    main(sys.argv[1])
