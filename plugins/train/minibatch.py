"""Training by minibatches."""

from pipeline import train
from pipeline.options import Count


@train
def minibatch(
    fit, *, epochs: Count = 10, batch_size: Count = 32, shuffle: bool = True, drop_last: bool = False
):
    """Step on each minibatch of `batch_size` rows, over all training rows in each of `epochs` epochs.

    With `shuffle` in a new order each epoch.  The last minibatch may be smaller; `drop_last` leaves it out.
    """
    for _ in fit.epochs(epochs):
        for rows in fit.batches(batch_size, shuffle=shuffle, drop_last=drop_last):
            fit.step(rows)
