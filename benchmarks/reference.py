"""The reference sweep: 64 trials, 8 learning rates x 4 weight decays x 2 seeds, on 10,000 MNIST digits.

A net of 784-32-10 units, Adam, batches of 32, 5 epochs, 8,000 rows to train on and 2,000 to choose by.
What is told of a sweep is the mean accuracy over seeds of its best setting.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

TRAIN = 8000
HIDDEN = 32
BATCH = 32
EPOCHS = 5
RATES = [1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2]
DECAYS = [0.0, 1e-5, 1e-4, 1e-3]
SEEDS = [0, 1]

Setting = tuple[float, float]  # learning rate, weight decay


def data(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the digits, (rows, 784) float32 in 0..1, and their labels."""
    with np.load(path) as arrays:
        images = arrays["images"]
        return images.reshape(len(images), -1), arrays["labels"]


def tell(accuracies: Iterable[tuple[Setting, float]]) -> None:
    """Print how many trials there were and the accuracy of the best setting, as JSON."""
    accuracies = list(accuracies)
    print(json.dumps({"trials": len(accuracies), "accuracy": best(accuracies)}))


def best(accuracies: Iterable[tuple[Setting, float]]) -> float:
    """Return the mean accuracy over seeds of the setting where it is highest."""
    found = defaultdict(list)
    for setting, accuracy in accuracies:
        found[setting].append(accuracy)
    return max(sum(each) / len(each) for each in found.values())
