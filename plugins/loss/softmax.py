"""The loss of one class among several."""

from pipeline import ShapeError, loss, ops


@loss(link="softmax")
def softmax(outputs, targets):
    """Return the negative log-likelihood in nats of each example's class.

    `outputs` (batch, classes) are logits, `targets` (batch,) class numbers or (batch, classes) probabilities.
    """
    log_p = ops.log_softmax(outputs)
    if targets.ndim == 1:
        targets = ops.one_hot(targets, outputs.shape[-1])
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"softmax: targets {targets.shape} do not fit outputs {outputs.shape}; "
            "give class numbers (batch,) or one probability a class"
        )
    return -ops.sum(ops.cast(targets, outputs.dtype) * log_p, axis=-1)
