"""The loss of independent yes-or-no outputs."""

from pipeline import ShapeError, loss, ops


@loss(link="sigmoid")
def bernoulli(outputs, targets):
    """Return the negative log-likelihood in nats of each example, summed over its outputs.

    `outputs` (batch, k) are logits.  `targets` are probabilities (batch, k), or class numbers (batch,):
    0 or 1 where k is 1, and otherwise a one among k (one class against the rest).
    """
    y = _probabilities(outputs, targets)
    # Each term alone is exact for any logit; softplus(z) - y z would cancel for large ones.
    return ops.sum(y * ops.softplus(-outputs) + (1 - y) * ops.softplus(outputs), axis=-1)


def _probabilities(outputs, targets):
    count = outputs.shape[-1]
    if targets.ndim == 1 and count > 1:
        return ops.cast(ops.one_hot(targets, count), outputs.dtype)
    if targets.ndim == 1:
        targets = ops.expand_dims(targets, -1)
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"bernoulli: targets {targets.shape} do not fit outputs {outputs.shape}; "
            "give class numbers (batch,) or one probability for each output"
        )
    return ops.cast(targets, outputs.dtype)
