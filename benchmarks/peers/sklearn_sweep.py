"""The reference sweep by scikit-learn alone: GridSearchCV over MLPClassifier in two processes."""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

from benchmarks.reference import BATCH, DECAYS, EPOCHS, HIDDEN, RATES, SEEDS, TRAIN


def main(path: str) -> None:
    """Train and score 64 nets on the data at `path`; five epochs are meant, so no warning about them."""
    with np.load(path) as arrays:
        inputs = arrays["images"].reshape(len(arrays["images"]), -1)
        labels = arrays["labels"].astype(np.int64)
    fold = np.where(np.arange(len(inputs)) < TRAIN, -1, 0)
    net = MLPClassifier((HIDDEN,), solver="adam", batch_size=BATCH, max_iter=EPOCHS)
    grid = {"learning_rate_init": RATES, "alpha": DECAYS, "random_state": SEEDS}
    search = GridSearchCV(net, grid, cv=PredefinedSplit(fold), n_jobs=2, refit=False)
    search.fit(inputs, labels)
    print(f"{len(search.cv_results_['params'])} trials, best accuracy {search.best_score_:.4f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(sys.argv[1])
