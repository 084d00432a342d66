"""Training by minibatches, and once more on all rows."""

from pipeline import train
from pipeline.options import Count


@train
def retrain(
    fit, *, epochs: Count = 10, batch_size: Count = 32, shuffle: bool = True, drop_last: bool = False
):
    """Train as train.minibatch does, then anew on train and validation rows for the number of epochs found.

    It is the epoch that a rule such as regularizer.early_stopping kept, or all `epochs`; each member
    has its own.  Metrics are those of the first training, which alone has rows to be measured on; its
    `epochs_found` is the number.  Goodfellow et al. 2016, Deep Learning, algorithm 7.2.
    """
    _train(fit, epochs, batch_size, shuffle, drop_last)
    fit.restart("train", "validation")
    _train(fit, epochs, batch_size, shuffle, drop_last)


def _train(fit, epochs, batch_size, shuffle, drop_last):
    for _ in fit.epochs(epochs):
        for rows in fit.batches(batch_size, shuffle=shuffle, drop_last=drop_last):
            fit.step(rows)
