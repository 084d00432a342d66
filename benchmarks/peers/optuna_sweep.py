"""The reference sweep by Optuna: torch's training loop as the objective of a study of two processes."""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from multiprocessing import get_context

import optuna
from optuna.storages.journal import JournalFileBackend, JournalStorage

from benchmarks.peers.torch_trial import accuracy, tensors
from benchmarks.reference import DECAYS, RATES, SEEDS, tell

GRID = {"rate": RATES, "decay": DECAYS, "seed": SEEDS}


def main(path: str) -> None:
    """Train the 64 nets as trials of one study and tell the best accuracy."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.NamedTemporaryFile() as journal:
        study = optuna.create_study(study_name="sweep", storage=_storage(journal.name), direction="maximize")
        # a grid sampler in two processes tries some points twice, a queue of them each once
        trials = [dict(zip(GRID, point, strict=True)) for point in product(*GRID.values())]
        for trial in trials:
            study.enqueue_trial(trial)
        with get_context("spawn").Pool(2) as pool:
            pool.starmap(_share, [(path, journal.name, len(trials) // 2)] * 2)
        tell(((each.params["rate"], each.params["decay"]), each.value) for each in study.trials)


def _storage(journal: str) -> JournalStorage:
    return JournalStorage(JournalFileBackend(journal))


def _share(path: str, journal: str, trials: int) -> None:
    inputs, labels = tensors(path)

    def objective(trial: optuna.Trial) -> float:
        rate, decay, seed = (trial.suggest_categorical(name, values) for name, values in GRID.items())
        return accuracy(inputs, labels, rate, decay, seed)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.load_study(study_name="sweep", storage=_storage(journal)).optimize(objective, n_trials=trials)


if __name__ == "__main__":
    main(sys.argv[1])
