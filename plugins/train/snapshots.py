"""Several networks from one training."""

from pipeline import train
from pipeline.options import Count, Natural


@train
def snapshots(
    fit,
    *,
    cycles: Count = 5,
    epochs: Count = 10,
    keep: Natural = 0,
    batch_size: Count = 32,
    shuffle: bool = True,
    drop_last: bool = False,
):
    """Train for `cycles` of `epochs` each, and average the networks that these end with.

    With `keep` only the last so many.  The learning rate should fall in each cycle and rise again with the
    next: use schedule.restarts with as many cycles.  Huang et al. 2017 (arXiv:1704.00109), section 3.
    """
    for epoch in fit.epochs(cycles * epochs):
        for rows in fit.batches(batch_size, shuffle=shuffle, drop_last=drop_last):
            fit.step(rows)
        if epoch % epochs == 0 and epoch // epochs > cycles - (keep or cycles):
            fit.snapshot()
