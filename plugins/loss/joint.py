"""The loss of generative classifiers."""

from pipeline import ShapeError, loss, ops


@loss(link="softmax")
def joint(outputs, targets):
    """Return the negative log-density of each example together with its class, -log p(x, y), (batch,).

    `outputs` (batch, classes) are log p(x, y) of each class y, in nats: their softmax is p(y | x).  `targets`
    are class numbers (batch,) or probabilities (batch, classes).  Ng & Jordan 2001, section 2.
    """
    if targets.ndim == 1:
        targets = ops.one_hot(targets, outputs.shape[-1])
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"joint: targets {targets.shape} do not fit outputs {outputs.shape}; "
            "give class numbers (batch,) or one probability a class"
        )
    return -ops.sum(ops.cast(targets, outputs.dtype) * outputs, axis=-1)
