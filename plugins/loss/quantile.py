"""The loss of numbers that are to lie above a share of what happens."""

from pipeline import loss, nn, ops
from pipeline.options import Fraction


@loss(link="identity")
def quantile(outputs, targets, *, level: Fraction = 0.5):
    """Return `level` times what outputs miss below the targets, (1 - level) above, summed over columns.

    `outputs` are (batch, columns), `targets` (batch,) or (batch, columns).  Least where a share `level` of
    what to expect lies below the output.  Koenker & Bassett 1978, the tilted absolute value.
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "quantile")
    miss = y - outputs
    return ops.sum(ops.maximum(level * miss, (level - 1) * miss), axis=-1)
