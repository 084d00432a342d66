"""The reference sweep by scikit-learn alone: GridSearchCV over MLPClassifier in two processes."""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

from benchmarks.reference import BATCH, DECAYS, EPOCHS, HIDDEN, RATES, SEEDS, TRAIN, data, tell


def main(path: str) -> None:
    """Train and score 64 nets on the data at `path`; five epochs are meant, so no warning about them."""
    inputs, labels = data(path)
    fold = np.where(np.arange(len(inputs)) < TRAIN, -1, 0)
    net = MLPClassifier((HIDDEN,), solver="adam", batch_size=BATCH, max_iter=EPOCHS)
    grid = {"learning_rate_init": RATES, "alpha": DECAYS, "random_state": SEEDS}
    search = GridSearchCV(net, grid, cv=PredefinedSplit(fold), n_jobs=2, refit=False)
    search.fit(inputs, labels)
    found = search.cv_results_
    settings = [(each["learning_rate_init"], each["alpha"]) for each in found["params"]]
    tell(zip(settings, found["mean_test_score"], strict=True))


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(sys.argv[1])
