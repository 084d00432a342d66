"""The reference sweep: 64 trials, 8 learning rates x 4 weight decays x 2 seeds, on 10,000 MNIST digits.

A net of 784-32-10 units, Adam, batches of 32, 5 epochs, 8,000 rows to train on and 2,000 to choose by.
"""

from __future__ import annotations

TRAIN = 8000
HIDDEN = 32
BATCH = 32
EPOCHS = 5
RATES = [1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2]
DECAYS = [0.0, 1e-5, 1e-4, 1e-3]
SEEDS = [0, 1]
