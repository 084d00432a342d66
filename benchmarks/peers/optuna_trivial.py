"""`python -m benchmarks.peers.optuna_trivial TRIALS`: Optuna in memory, of an objective without cost."""

from __future__ import annotations

import sys

import optuna

from benchmarks.trivial import timed


def main() -> None:
    """Print the seconds of a whole study; nothing is trained, kept on a disk or hashed."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(_objective, n_trials=64)
    print(timed(lambda: study.optimize(_objective, n_trials=int(sys.argv[1]))))


def _objective(trial: optuna.Trial) -> float:
    return trial.suggest_float("lr", 0, 0.5) + trial.suggest_float("momentum", 0, 0.5)


if __name__ == "__main__":
    main()
