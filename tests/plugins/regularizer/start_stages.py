"""Train stages for tests that begin with given weights."""

import numpy as np

from pipeline import train
from pipeline.options import Count


@train
def from_start(fit, *, start: tuple[float, ...], steps: Count = 5):
    """Take `steps` steps on all rows, in their order, from the flat weights `start`."""
    for _ in fit.epochs(steps):
        if not fit.steps_per_epoch:
            fit.weights = np.tile(np.array(start), (len(fit.members), 1))
        for rows in fit.batches(fit.rows, shuffle=False):
            fit.step(rows)
